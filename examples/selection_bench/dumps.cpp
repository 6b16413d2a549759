// SPDX-License-Identifier: MIT
#include "selection_bench/dumps.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "study/tuned.hpp"
#include "toy_llm/preference.hpp"

namespace selection_bench {
namespace {

bench_data dump(toy_llm::language_model<float>& policy, const toy_llm::score_batch& batch, std::string id,
                std::string title) {
  bench_data data{.id = std::move(id),
                  .title = std::move(title),
                  .meaning = fmt::format("K = {}, scores of the toy LLM", batch.items.size() / batch.rows() - 1)};
  const auto scores = policy.log_prob(batch, toy_llm::activations::discard);
  std::vector<double> row;
  for (std::size_t r = 0; r < batch.rows(); ++r) {
    const auto first = static_cast<std::size_t>(batch.offsets[r]),
               last = static_cast<std::size_t>(batch.offsets[r + 1]);
    row.assign(scores.begin() + static_cast<std::ptrdiff_t>(first) + 1,
               scores.begin() + static_cast<std::ptrdiff_t>(last));
    data.scores.add(double{scores[first]}, row);
  }
  return data;
}

}  // namespace

std::vector<bench_data> dump_training(const collapse_study::starting_point& start, std::uint64_t seed, std::size_t rows,
                                      std::size_t negatives, std::span<const std::size_t> after_epochs) {
  const toy_llm::dataset& data = start.data();
  toy_llm::score_batch batch;
  for (std::size_t r = 0; r < std::min(rows, data.train.size()); ++r) {
    const toy_llm::ranking_row& row = data.train[r];
    batch.add_row(row.history);
    batch.add(row.chosen);
    // Draws of an epoch that no training reaches: rows as new to the policy as they get.
    for (const toy_llm::item_id item : toy_llm::sample_negatives(row, data.items.size(), negatives,
                                                                 {seed, 1u << 30, static_cast<std::uint32_t>(r)})) {
      batch.add(item);
    }
  }

  toy_llm::language_model<float> policy = start.supervised();
  toy_llm::remembered_model reference = start.reference();
  std::vector<bench_data> dumps{dump(policy, batch, "toy-0", "Toy LLM before preference training")};
  const std::size_t epochs = after_epochs.empty() ? 0 : *std::ranges::max_element(after_epochs);
  std::size_t done = 0;
  toy_llm::train_preference(
      policy, reference, data,
      {.variant = toy_llm::variant::dynamic,
       .negatives = negatives,
       .learning_rate =
           collapse_study::sweep_rate(collapse_study::data_source::synthetic({}), toy_llm::objective_kind::dmpo),
       .epochs = epochs,
       .seed = seed},
      [&] {
        ++done;
        if (std::ranges::find(after_epochs, done) == after_epochs.end()) return;
        dumps.push_back(dump(policy, batch, fmt::format("toy-{}", done),
                             fmt::format("Toy LLM after {} epoch{}", done, done == 1 ? "" : "s")));
      });
  return dumps;
}

}  // namespace selection_bench
