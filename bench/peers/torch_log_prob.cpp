// SPDX-License-Identifier: MIT
// Sequence log-probabilities in libtorch, eager, one thread: log_softmax and gather, backward by autograd. A case is
// named forward/<vocabulary> or both/<vocabulary>; figures are nanoseconds a token.
#include <torch/torch.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

#include "peers/serve.hpp"
#include "peers/token_problem.hpp"

namespace {

struct problem {
  std::int64_t vocabulary;
  torch::Tensor logits, label;

  explicit problem(std::int64_t v) : vocabulary(v) {
    const bench::token_problem made(v);
    logits = torch::tensor(made.logits).reshape({made.tokens, v}).requires_grad_();
    label = torch::tensor(made.label, torch::kInt64).unsqueeze(1);
  }
  torch::Tensor log_prob() const { return torch::log_softmax(logits, 1).gather(1, label).sum(); }
};

}  // namespace

int main() {
  torch::set_num_threads(1);
  std::shared_ptr<const problem> held;  // of the last vocabulary: it is large
  return bench::serve_names([&](const std::string& name) {
    const auto slash = name.find('/');
    const bool both = name.substr(0, slash) == "both";
    if (slash == std::string::npos || (!both && name.substr(0, slash) != "forward")) {
      throw std::invalid_argument("no such case");
    }
    const std::int64_t vocabulary = std::stoll(name.substr(slash + 1));
    if (!held || held->vocabulary != vocabulary) {
      held.reset();
      held = std::make_shared<const problem>(vocabulary);
    }
    const auto work = [held, both] {
      if (both) {
        torch::autograd::grad({held->log_prob()}, {held->logits});
      } else {
        const torch::NoGradGuard no_gradient;
        held->log_prob();
      }
    };
    return bench::stopwatch(work, held->logits.size(0), bench::timed_by::processor);
  });
}
