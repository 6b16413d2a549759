// SPDX-License-Identifier: MIT
// DMPO and S-DPO in libtorch, eager: forward, and backward by autograd. With the argument "margins" as trainers write
// them, from the margins of all negatives; without, rearranged into as few passes over [B, K] as eager allows.
#include <torch/torch.h>

#include <stdexcept>

#include "cases/batch.hpp"
#include "peers/serve.hpp"

namespace {

torch::Tensor tensor_of(const std::vector<float>& values, std::int64_t rows) {
  return torch::tensor(values).reshape({rows, -1}).squeeze(1);
}

struct problem {
  bool from_margins;
  torch::Tensor chosen, rejected, reference_chosen, reference_rejected;

  problem(const bench::bench_case& wanted, bool from_margins_) : from_margins(from_margins_) {
    const auto data = bench::make_batch<float>(wanted);
    chosen = tensor_of(data.chosen, data.rows).requires_grad_();
    rejected = tensor_of(data.rejected, data.rows).requires_grad_();
    reference_chosen = tensor_of(data.reference_chosen, data.rows);
    reference_rejected = tensor_of(data.reference_rejected, data.rows);
  }

  void dmpo() const {
    // The mean of differences as a difference of means: no [B, K] temporary.
    const auto z = from_margins ? margins().mean(1)
                                : (chosen - reference_chosen) - (rejected.mean(1) - reference_rejected.mean(1));
    finish(torch::nn::functional::logsigmoid(z).mean().neg());
  }
  void sdpo() const {
    // The chosen leaves the log-sum-exp: one [B, K] temporary less.
    const auto z = from_margins ? -torch::logsumexp(-margins(), 1)
                                : (chosen - reference_chosen) - torch::logsumexp(rejected - reference_rejected, 1);
    finish(torch::nn::functional::logsigmoid(z).mean().neg());
  }

 private:
  torch::Tensor margins() const { return (chosen - reference_chosen).unsqueeze(1) - (rejected - reference_rejected); }
  void finish(const torch::Tensor& loss) const { torch::autograd::grad({loss}, {chosen, rejected}); }
};

}  // namespace

int main(int argc, char** argv) {
  const bool from_margins = argc > 1 && std::string(argv[1]) == "margins";
  return bench::serve([=](const bench::bench_case& wanted) {
    if (wanted.dynamic || wanted.double_precision || wanted.layout != bench::layout::dense) {
      throw std::invalid_argument("has only dense losses in float");
    }
    torch::set_num_threads(wanted.threads ? static_cast<int>(std::thread::hardware_concurrency()) : 1);
    const problem held(wanted, from_margins);
    const auto rows = held.chosen.size(0);
    const auto clock = clock_of(wanted);
    switch (wanted.work) {
      case bench::work::dmpo:
        return bench::stopwatch([=] { held.dmpo(); }, rows, clock);
      case bench::work::sdpo:
        return bench::stopwatch([=] { held.sdpo(); }, rows, clock);
      default:
        throw std::invalid_argument("has only dmpo and sdpo");
    }
  });
}
