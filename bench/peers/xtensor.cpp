// SPDX-License-Identifier: MIT
// DMPO and S-DPO as xtensor expressions, loss and gradient.
#include <array>
#include <memory>
#include <stdexcept>
#include <xtensor/xadapt.hpp>
#include <xtensor/xmath.hpp>
#include <xtensor/xnoalias.hpp>
#include <xtensor/xtensor.hpp>
#include <xtensor/xview.hpp>

#include "cases/batch.hpp"
#include "cases/kernels.hpp"
#include "peers/serve.hpp"

namespace {

using column = xt::xtensor<float, 1>;
using matrix = xt::xtensor<float, 2>;

struct problem {
  std::int64_t rows, negatives;
  column chosen, reference_chosen, row_values, loss, slopes, chosen_gradient;
  matrix rejected, reference_rejected, ratios, gradient;

  explicit problem(const bench::bench_case& wanted) {
    const auto data = bench::make_batch<float>(wanted);
    rows = data.rows;
    negatives = data.negatives;
    const std::array<std::size_t, 1> row_shape{static_cast<std::size_t>(rows)};
    const std::array<std::size_t, 2> shape{static_cast<std::size_t>(rows), static_cast<std::size_t>(negatives)};
    chosen = xt::adapt(data.chosen, row_shape);
    reference_chosen = xt::adapt(data.reference_chosen, row_shape);
    rejected = xt::adapt(data.rejected, shape);
    reference_rejected = xt::adapt(data.reference_rejected, shape);
    ratios = gradient = matrix::from_shape(shape);
  }

  void dmpo() {
    row_values =
        chosen - reference_chosen - xt::mean(rejected - reference_rejected, {1}, xt::evaluation_strategy::immediate);
    link();
    xt::noalias(gradient) =
        xt::broadcast(xt::view(slopes, xt::all(), xt::newaxis()), gradient.shape()) / static_cast<float>(negatives);
  }
  void sdpo() {
    const column ratio = chosen - reference_chosen;
    xt::noalias(ratios) = rejected - reference_rejected - xt::view(ratio, xt::all(), xt::newaxis());
    const column top = xt::amax(ratios, {1}, xt::evaluation_strategy::immediate);
    ratios = xt::exp(ratios - xt::view(top, xt::all(), xt::newaxis()));
    const column sums = xt::sum(ratios, {1}, xt::evaluation_strategy::immediate);
    row_values = -(top + xt::log(sums));
    link();
    const column shares = slopes / sums;
    xt::noalias(gradient) = ratios * xt::view(shares, xt::all(), xt::newaxis());
  }

 private:
  // -log sigmoid of the aggregate, and sigmoid(-z) / B.
  void link() {
    const column e = xt::exp(-xt::abs(row_values));
    loss = xt::maximum(-row_values, 0.0f) + xt::log1p(e);
    slopes = xt::where(row_values < 0.0f, 1.0f, e) / (1.0f + e) / static_cast<float>(rows);
    chosen_gradient = -slopes;
  }
};

}  // namespace

int main() {
  return bench::serve([](const bench::bench_case& wanted) {
    const auto held = std::make_shared<problem>(wanted);
    const bool losses = wanted.work == bench::work::dmpo || wanted.work == bench::work::sdpo;
    if (!losses || wanted.dynamic || wanted.double_precision || wanted.threads ||
        wanted.layout != bench::layout::dense) {
      throw std::invalid_argument("has only dense DMPO and S-DPO in float on one thread");
    }
    const auto run = [=] { wanted.work == bench::work::dmpo ? held->dmpo() : held->sdpo(); };
    run();
    expect_agreement(wanted, {bench::magnitude_of(held->loss), bench::magnitude_of(held->chosen_gradient),
                              bench::magnitude_of(held->gradient)});
    return bench::stopwatch(run, held->rows, clock_of(wanted));
  });
}
