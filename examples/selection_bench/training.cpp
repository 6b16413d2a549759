// SPDX-License-Identifier: MIT
#include "selection_bench/training.hpp"

#include <algorithm>
#include <span>

#include "dynamicpo/evaluate.hpp"
#include "dynamicpo/exec/seq.hpp"
#include "dynamicpo/objective/dmpo.hpp"
#include "dynamicpo/pipeline.hpp"
#include "toy_llm/adamw.hpp"
#include "toy_llm/ranking.hpp"
#include "toy_llm/shuffle.hpp"

namespace selection_bench {
namespace {

namespace po = dynamicpo;

struct training_batch {
  toy_llm::score_batch items;  // of each row: the chosen, then the negatives

  training_batch(const toy_llm::dataset& data, std::span<const std::size_t> rows, const training_options& options,
                 std::uint32_t epoch) {
    for (const std::size_t row : rows) {
      const toy_llm::ranking_row& from = data.train[row];
      items.add_row(from.history);
      items.add(from.chosen);
      for (const toy_llm::item_id item : toy_llm::sample_negatives(
               from, data.items.size(), options.negatives, {options.seed, epoch, static_cast<std::uint32_t>(row)})) {
        items.add(item);
      }
    }
  }

  score_rows split(std::span<const float> scores) const {
    score_rows rows;
    std::vector<double> rejected;
    for (std::size_t row = 0; row < items.rows(); ++row) {
      const auto of_row = scores.subspan(static_cast<std::size_t>(items.offsets[row]),
                                         static_cast<std::size_t>(items.offsets[row + 1] - items.offsets[row]));
      rejected.assign(of_row.begin() + 1, of_row.end());
      rows.add(double{of_row[0]}, rejected);
    }
    return rows;
  }
};

// Scores of a batch in the library's layout, in the precision of the model.
struct score_table {
  std::vector<float> chosen, rejected;

  explicit score_table(const score_rows& rows) : chosen(rows.rows()), rejected(rows.rejected.size()) {
    std::ranges::transform(rows.chosen, chosen.begin(), [](double score) { return static_cast<float>(score); });
    std::ranges::transform(rows.rejected, rejected.begin(), [](double score) { return static_cast<float>(score); });
  }
};

// The gradient of the mean loss over rows with respect to the scores, in the order of the batch.
std::vector<float> coefficients(const score_rows& rows, const score_rows& reference_rows,
                                const std::vector<std::uint8_t>& selected) {
  const score_table policy{rows}, reference{reference_rows};
  std::vector<float> chosen(policy.chosen.size()), rejected(policy.rejected.size());
  po::loss_and_gradient(po::exec::seq, po::vanilla(po::objective::dmpo),
                        po::view(policy.chosen, policy.rejected, rows.offsets).with_mask(selected),
                        po::view(reference.chosen, reference.rejected, rows.offsets),
                        {.gradient = po::view(chosen, rejected, rows.offsets), .nonfinite = po::nonfinite::skip});
  std::vector<float> all;
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    const auto of_row = rows.slice(rejected, row);
    all.push_back(chosen[row]);
    all.insert(all.end(), of_row.begin(), of_row.end());
  }
  return all;
}

}  // namespace

training_result train(const collapse_study::starting_point& start, strategy& of, const training_options& options) {
  const toy_llm::dataset& data = start.data();
  toy_llm::language_model<float> policy = start.supervised();
  toy_llm::remembered_model reference = start.reference();
  toy_llm::adamw<float> optimiser{policy.parameters().size(), {.learning_rate = options.learning_rate}};
  selected_lists selected;
  std::uint32_t step = 0;
  double selections = 0, rows_seen = 0;
  for (std::uint32_t epoch = 0; epoch < options.epochs; ++epoch) {
    const auto order = toy_llm::shuffled(data.train.size(), options.seed, epoch);
    for (std::size_t first = 0; first < order.size(); first += options.batch_rows) {
      const auto rows = std::span{order}.subspan(first, std::min(options.batch_rows, order.size() - first));
      const training_batch batch{data, rows, options, epoch};
      const score_rows scores = batch.split(policy.log_prob(batch.items, toy_llm::activations::keep));
      const score_rows references = batch.split(reference.log_prob(batch.items));
      of.select(scores, step++, selected);
      policy.backward(coefficients(scores, references, flags_of(scores, selected)));
      optimiser.step(policy.parameters(), policy.gradient());
      selections += static_cast<double>(selected.offsets.back());
      rows_seen += static_cast<double>(rows.size());
    }
  }
  const toy_llm::ranking_metrics evaluation = toy_llm::rank(policy, data.evaluation);
  return {.development = toy_llm::rank(policy, data.development).hit_ratio,
          .evaluation = evaluation.hit_ratio,
          .chosen_log_probability = evaluation.chosen_log_probability,
          .selected = selections / rows_seen};
}

}  // namespace selection_bench
