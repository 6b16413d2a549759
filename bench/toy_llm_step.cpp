// SPDX-License-Identifier: MIT
// What a training step of the toy LLM costs with selection against one without: both train the same supervised model on
// the same rows, step by step in turn, and are timed by the processor's time.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <span>
#include <vector>

#include "toy_llm/adamw.hpp"
#include "toy_llm/model.hpp"
#include "toy_llm/preference.hpp"
#include "toy_llm/score_memory.hpp"
#include "toy_llm/shuffle.hpp"
#include "toy_llm/supervised.hpp"
#include "toy_llm/synthetic.hpp"
#include "toy_llm/trie.hpp"

namespace {

constexpr std::uint32_t epochs = 3;

struct quartiles {
  double first, median, third;

  explicit quartiles(std::vector<double> values) {
    std::ranges::sort(values);
    const auto at = [&](double share) { return values[static_cast<std::size_t>(share * double(values.size() - 1))]; };
    first = at(0.25), median = at(0.5), third = at(0.75);
  }
  void print(const char* what, const char* unit) const {
    std::printf("  %-22s %7.3f %-2s (quartiles %.3f to %.3f)\n", what, median, unit, first, third);
  }
};

class trainee {
 public:
  trainee(const toy_llm::language_model<float>& start, toy_llm::variant kind)
      : policy_{start}, options_{.variant = kind, .negatives = 15}, optimiser_{start.parameters().size(), {
          .learning_rate = options_.learning_rate}} {}

  /// Milliseconds.
  template <class Reference>
  double step(Reference& reference, const toy_llm::dataset& data, std::span<const std::size_t> rows,
              std::uint32_t epoch) {
    const std::clock_t start = std::clock();
    toy_llm::preference_step(policy_, reference, optimiser_, data, rows, options_, epoch).add_to(sums_);
    return 1e3 * double(std::clock() - start) / CLOCKS_PER_SEC;
  }
  const toy_llm::preference_options& options() const { return options_; }

 private:
  toy_llm::language_model<float> policy_;
  toy_llm::preference_options options_;
  toy_llm::adamw<float> optimiser_;
  toy_llm::preference_sums sums_;
};

template <class Reference>
void compare(const char* title, const toy_llm::language_model<float>& start, Reference& reference,
             const toy_llm::dataset& data) {
  trainee vanilla{start, toy_llm::variant::vanilla}, dynamic{start, toy_llm::variant::dynamic};
  const std::size_t batch = vanilla.options().batch_rows;
  std::vector<double> of_vanilla, of_dynamic, ratio;
  for (std::uint32_t epoch = 0; epoch < epochs; ++epoch) {
    const auto order = toy_llm::shuffled(data.train.size(), 0, epoch);
    for (std::size_t first = 0; first + batch <= order.size(); first += batch) {
      const auto rows = std::span{order}.subspan(first, batch);
      of_vanilla.push_back(vanilla.step(reference, data, rows, epoch));
      of_dynamic.push_back(dynamic.step(reference, data, rows, epoch));
      ratio.push_back(of_dynamic.back() / of_vanilla.back());
    }
  }
  std::printf("%s, %zu steps of each\n", title, ratio.size());
  quartiles{of_vanilla}.print("vanilla DMPO", "ms");
  quartiles{of_dynamic}.print("DynamicPO-DMPO", "ms");
  quartiles{ratio}.print("DynamicPO / vanilla", "");
}

}  // namespace

int main() {
  const toy_llm::dataset data = toy_llm::make_synthetic(toy_llm::preset_d);
  const toy_llm::title_trie titles{data.items, toy_llm::support::vocabulary};
  toy_llm::language_model<float> start{data.items, titles, {}};
  toy_llm::train_supervised(start, data, {});
  std::printf("K = 15, 64 rows a step\n");
  toy_llm::language_model<float> reference = start;
  compare("Reference scored in each step", start, reference, data);

  toy_llm::score_memory memory{start};
  toy_llm::remembered_model remembered{memory};
  toy_llm::language_model<float> before = start;
  toy_llm::train_preference(before, remembered, data, {.negatives = 15, .epochs = epochs});
  compare("Reference scores known before, as from the second run of a study on", start, remembered, data);
}
