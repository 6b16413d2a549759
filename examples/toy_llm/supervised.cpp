// SPDX-License-Identifier: MIT
#include "toy_llm/supervised.hpp"

#include <algorithm>
#include <stdexcept>

#include "toy_llm/score_backend.hpp"
#include "toy_llm/shuffle.hpp"

namespace toy_llm {
namespace {

double train_epoch(language_model<float>& model, adamw<float>& optimiser, std::span<const history_item_pair> pairs,
                   std::span<const std::size_t> order, std::size_t batch_rows) {
  score_batch batch;
  double loss = 0;
  for (std::size_t first = 0; first < order.size(); first += batch_rows) {
    const auto rows = order.subspan(first, std::min(batch_rows, order.size() - first));
    batch.clear();
    for (const std::size_t row : rows) {
      batch.add_row(pairs[row].history);
      batch.add(pairs[row].next);
    }
    for (const float score : model.log_prob(batch)) loss -= double{score};
    model.backward(std::vector<float>(rows.size(), -1.0f / static_cast<float>(rows.size())));
    optimiser.step(model.parameters(), model.gradient());
  }
  return loss / static_cast<double>(order.size());
}

}  // namespace

supervised_result train_supervised(language_model<float>& model, const dataset& data,
                                   const supervised_options& options) {
  if (data.supervised.empty() || data.development.empty() || options.epochs == 0 || options.batch_rows == 0) {
    throw std::invalid_argument(
        "toy_llm::train_supervised: expected at least one pair, development row, epoch and batch row, found " +
        std::to_string(data.supervised.size()) + ", " + std::to_string(data.development.size()) + ", " +
        std::to_string(options.epochs) + " and " + std::to_string(options.batch_rows));
  }
  adamw<float> optimiser{model.parameters().size(), options.optimiser};
  supervised_result result{{}, 0};
  std::vector<float> best;
  for (std::size_t epoch = 0; epoch < options.epochs; ++epoch) {
    const auto order = shuffled(data.supervised.size(), options.seed, static_cast<std::uint32_t>(epoch));
    const double training = train_epoch(model, optimiser, data.supervised, order, options.batch_rows);
    result.epochs.push_back({training, chosen_loss(model, data.development)});
    if (epoch == 0 || result.epochs[epoch].development_loss < result.epochs[result.best_epoch].development_loss) {
      result.best_epoch = epoch;
      best.assign(model.parameters().begin(), model.parameters().end());
    }
  }
  std::ranges::copy(best, model.parameters().begin());
  return result;
}

double chosen_loss(language_model<float>& model, std::span<const ranking_row> rows) {
  score_batch batch;
  for (const ranking_row& row : rows) {
    batch.add_row(row.history);
    batch.add(row.chosen);
  }
  double loss = 0;
  for (const float score : model.log_prob(batch, activations::discard)) loss -= double{score};
  return loss / static_cast<double>(rows.size());
}

}  // namespace toy_llm
