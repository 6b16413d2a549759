// SPDX-License-Identifier: MIT
#include "toy_llm/ranking.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "dynamicpo/metrics/ranking.hpp"
#include "toy_llm/prefix_walk.hpp"
#include "toy_llm/score_backend.hpp"

namespace toy_llm {
namespace {

constexpr std::size_t chunk_rows = 256;

struct item_score {
  double log_prob;
  double tokens;

  // Averages are compared over the common denominator: exact, so that ties are ties.
  double average_times(const item_score& other) const { return log_prob * other.tokens; }
};

class chunk_ranking {
 public:
  chunk_ranking(language_model<float>& model, std::span<const ranking_row> rows) : titles_{model.titles()} {
    score_batch chosen;
    for (const ranking_row& row : rows) {
      chosen.add_row(row.history);
      chosen.add(row.chosen);
      negatives_.add_row(row.history);
      for (const item_id item : row.negatives) negatives_.add(item);
    }
    const auto scores = model.log_prob(chosen, activations::discard);
    for (std::size_t row = 0; row < rows.size(); ++row) chosen_.push_back(score_of(rows[row].chosen, scores[row]));

    prefix_walk walk{titles_, negatives_};
    std::vector<float> total;
    model.begin(negatives_.histories);
    while (walk.advance()) {
      model.extend(walk.steps(), total);
      walk.drop_if([&](const prefix_walk::sequence& s) {
        const item_score negative = score_of(s.item, total[static_cast<std::size_t>(s.choice)]);
        const item_score& best = chosen_[static_cast<std::size_t>(s.row)];
        return negative.log_prob < best.log_prob && negative.average_times(best) < best.average_times(negative);
      });
    }
    // What was dropped keeps a score below the chosen item's: an upper bound serves the comparison as well.
    for (const std::int32_t choice : walk.latest_choice()) {
      log_prob_.push_back(choice < 0 ? 0.0f : total[static_cast<std::size_t>(choice)]);
    }
  }

  void add_to(ranking_metrics& sums) const {
    for (std::size_t row = 0; row < chosen_.size(); ++row) {
      const item_score& best = chosen_[row];
      bool valid = std::isfinite(best.log_prob);
      std::size_t lower = 0;
      dynamicpo::metrics::standing whole, average;
      for (auto i = static_cast<std::size_t>(negatives_.offsets[row]);
           i < static_cast<std::size_t>(negatives_.offsets[row + 1]); ++i) {
        const item_score negative = score_of(negatives_.items[i], log_prob_[i]);
        valid = valid && !std::isnan(negative.log_prob);
        lower += negative.log_prob < best.log_prob;
        whole.above += negative.log_prob > best.log_prob;
        whole.level += negative.log_prob == best.log_prob;
        average.above += negative.average_times(best) > best.average_times(negative);
        average.level += negative.average_times(best) == best.average_times(negative);
      }
      if (!valid) {
        ++sums.invalid_rows;
        continue;
      }
      sums.hit_ratio += whole.hit(1);
      sums.hit_ratio_average += average.hit(1);
      sums.win_rate += static_cast<double>(lower);
      sums.chosen_log_probability += best.log_prob;
    }
  }

 private:
  item_score score_of(item_id item, float log_prob) const { return {double{log_prob}, double(titles_.length(item))}; }

  const title_trie& titles_;
  std::vector<item_score> chosen_;
  score_batch negatives_;
  std::vector<float> log_prob_;
};

}  // namespace

ranking_metrics rank(language_model<float>& model, std::span<const ranking_row> rows) {
  ranking_metrics sums{.rows = rows.size()};
  std::size_t pairs = 0;
  for (std::size_t first = 0; first < rows.size(); first += chunk_rows) {
    chunk_ranking{model, rows.subspan(first, std::min(chunk_rows, rows.size() - first))}.add_to(sums);
  }
  for (const ranking_row& row : rows) pairs += row.negatives.size();
  const auto divide = [](double& sum, std::size_t count) {
    if (count > 0) sum /= static_cast<double>(count);
  };
  divide(sums.hit_ratio, rows.size());
  divide(sums.hit_ratio_average, rows.size());
  divide(sums.win_rate, pairs);
  sums.chosen_log_probability /= static_cast<double>(rows.size() - sums.invalid_rows);
  return sums;
}

}  // namespace toy_llm
