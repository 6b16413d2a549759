// SPDX-License-Identifier: MIT
#include "toy_llm/preference.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string>

#include "dynamicpo/evaluate.hpp"
#include "dynamicpo/exec/seq.hpp"
#include "dynamicpo/objective/dmpo.hpp"
#include "dynamicpo/objective/mppo.hpp"
#include "dynamicpo/objective/sdpo.hpp"
#include "dynamicpo/pipeline.hpp"
#include "dynamicpo/select_negatives.hpp"
#include "toy_llm/boundary_of_clusters.hpp"

namespace toy_llm {
namespace {

namespace po = dynamicpo;

// MPPO whose steepness does not grow with the number of negatives.
constexpr po::objective::composed<po::margin::probability, po::aggregate::mean, po::link::logistic> mean_mppo{};

bool reads_reference(const preference_options& options) { return options.objective != objective_kind::mppo; }

bool averages(const preference_options& options) {
  return options.objective == objective_kind::mppo && options.average_log_prob;
}

bool selects_boundary(const preference_options& options) {
  return options.variant == variant::dynamic || options.variant == variant::selection_only;
}

// A boundary that the library's own selection does not find.
bool marks_boundary(const preference_options& options) {
  return selects_boundary(options) && (options.clusters != 3 || options.selects_by != selection_score::policy);
}

/// use(pipeline) with the pipeline that the options name, over the boundary that `marks` holds where they ask for one.
template <class Use>
auto with_pipeline(const preference_options& options, const marked& marks, Use use) {
  const auto with_selection = [&](const auto& select, const auto& objective) {
    if (options.variant == variant::dynamic || options.variant == variant::beta_only) {
      const po::beta::dual_margin dual{.base = options.beta, .alpha = options.alpha, .gamma = options.gamma};
      return use(po::pipeline{select, dual, objective});
    }
    return use(po::pipeline{select, po::beta::fixed{.base = options.beta}, objective});
  };
  const auto with_objective = [&](const auto& objective) {
    if (marks_boundary(options)) return with_selection(marks, objective);
    if (selects_boundary(options)) return with_selection(po::select::boundary{}, objective);
    return with_selection(po::select::all{}, objective);
  };
  switch (options.objective) {
    case objective_kind::dmpo:
      return with_objective(po::objective::dmpo);
    case objective_kind::sdpo:
      return with_objective(po::objective::sdpo);
    case objective_kind::mppo:
      if (options.mean_margin) return with_objective(mean_mppo);
      return with_objective(po::objective::mppo);
  }
  throw std::invalid_argument("toy_llm::train_preference: unknown objective");
}

void check(const preference_options& options) {
  if (options.negatives == 0) {
    throw std::invalid_argument("toy_llm::preference_batch: expected at least one negative a row, found 0");
  }
  if (options.clusters == 0) {
    throw std::invalid_argument("toy_llm::preference_batch: expected at least one cluster, found 0");
  }
  if (!reads_reference(options) && options.selects_by == selection_score::log_ratio) {
    throw std::invalid_argument(
        "toy_llm::preference_batch: expected an objective with a reference to select by log-ratio, found MPPO");
  }
}

template <class Part, class Whole>
double ratio(Part part, Whole whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

preference_epoch preference_sums::epoch() const {
  return {.training_loss = ratio(loss, rows),
          .chosen_log_probability = ratio(chosen_log_probability, rows),
          .win_rate = ratio(row_wins, rows),
          .pairwise_win_rate = ratio(pair_wins, pairs),
          .boundary_gradient_share = seen.boundary_gradient_share(),
          .same_genre_gradient_share = ratio(same_genre_gradient, gradient),
          .saturated_share = ratio(seen.saturated_rows, rows),
          .selected_negatives = ratio(seen.selected, rows),
          .mean_beta = seen.mean_beta(),
          .invalid_rows = invalid_rows};
}

template <std::floating_point Scalar>
preference_batch<Scalar>::preference_batch(const dataset& data, std::span<const std::size_t> rows,
                                           const preference_options& options, std::uint32_t epoch)
    : data_{&data}, options_{options}, width_{options.negatives + 1} {
  check(options);
  for (const std::size_t row : rows) {
    const ranking_row& from = data.train[row];
    items_.add_row(from.history);
    items_.add(from.chosen);
    for (const item_id item : sample_negatives(from, data.items.size(), options.negatives,
                                               {options.seed, epoch, static_cast<std::uint32_t>(row)})) {
      items_.add(item);
    }
  }
  const auto tokens = [&](std::size_t i) {
    return static_cast<std::int32_t>(data.items.tokens[static_cast<std::size_t>(items_.items[i])].size()) + 1;
  };
  for (std::size_t i = 0; i < items_.items.size(); ++i) {
    (i % width_ == 0 ? chosen_tokens_ : rejected_tokens_).push_back(tokens(i));
  }
  gradient_.resize(items_.items.size());
  row_loss_.resize(rows.size());
}

template <std::floating_point Scalar>
template <class T>
dynamicpo::scores<T> preference_batch<Scalar>::view(std::span<T> values) const {
  const auto rows = static_cast<po::index>(items_.rows()), width = static_cast<po::index>(width_);
  const po::scores<T> all{po::strided_span<T>{values.data(), rows, width},
                          po::strided_matrix<T>{values.data() + 1, rows, width - 1, width, 1}};
  return averages(options_) ? all.with_lengths(chosen_tokens_, rejected_tokens_) : all;
}

template <std::floating_point Scalar>
void preference_batch<Scalar>::set_policy(std::span<const Scalar> scores) {
  policy_.assign(scores.begin(), scores.end());
  reference_items_.clear();
  reference_at_.clear();
  // Equal scores make a log-ratio of 0, for whatever is not looked up.
  reference_ = policy_;
  const bool by_policy = options_.selects_by == selection_score::policy;
  if (marks_boundary(options_) && by_policy) mark_boundary(policy_);
  if (!reads_reference(options_)) return;

  const std::size_t rows = items_.rows();
  const bool skip = selects_boundary(options_) && options_.skip_unselected && by_policy;
  std::vector<std::int64_t> offsets(rows + 1);
  std::vector<std::int32_t> slots(rows * options_.negatives);
  const auto policy = view<const Scalar>(policy_);
  const po::selection_outputs<Scalar> out{.offsets = offsets, .slots = slots, .nonfinite = po::nonfinite::skip};
  if (!skip) {
    po::select_negatives(po::exec::seq, po::select::all{}, policy, out);
  } else if (marks_boundary(options_)) {
    po::select_negatives(po::exec::seq, marked{marks_.data(), options_.negatives}, policy, out);
  } else {
    po::select_negatives(po::exec::seq, po::select::boundary{}, policy, out);
  }
  for (std::size_t row = 0; row < rows; ++row) {
    const auto need = [&](std::size_t at) {
      reference_at_.push_back(at);
      reference_items_.add(items_.items[at]);
    };
    reference_items_.add_row(items_.histories[row]);
    need(row * width_);
    for (auto i = static_cast<std::size_t>(offsets[row]); i < static_cast<std::size_t>(offsets[row + 1]); ++i) {
      need(row * width_ + 1 + static_cast<std::size_t>(slots[i]));
    }
  }
}

template <std::floating_point Scalar>
void preference_batch<Scalar>::set_reference(std::span<const Scalar> scores) {
  for (std::size_t i = 0; i < scores.size(); ++i) reference_[reference_at_[i]] = scores[i];
  if (!marks_boundary(options_) || options_.selects_by == selection_score::policy) return;
  std::vector<Scalar> ratios(policy_.size());
  std::ranges::transform(policy_, reference_, ratios.begin(), std::minus{});
  mark_boundary(ratios);
}

template <std::floating_point Scalar>
void preference_batch<Scalar>::mark_boundary(std::span<const Scalar> scores) {
  const std::size_t rows = items_.rows();
  std::vector<std::int64_t> offsets(rows + 1);
  std::vector<std::int32_t> slots(rows * options_.negatives);
  po::select_negatives(po::exec::seq, boundary_of_clusters{options_.clusters}, view<const Scalar>(scores),
                       {.offsets = offsets, .slots = slots, .nonfinite = po::nonfinite::skip});
  marks_.assign(rows * options_.negatives, 0);
  for (std::size_t row = 0; row < rows; ++row) {
    for (auto i = static_cast<std::size_t>(offsets[row]); i < static_cast<std::size_t>(offsets[row + 1]); ++i) {
      marks_[row * options_.negatives + static_cast<std::size_t>(slots[i])] = 1;
    }
  }
}

template <std::floating_point Scalar>
double preference_batch<Scalar>::evaluate() {
  evaluation_ = with_pipeline(options_, {marks_.data(), options_.negatives}, [&](const auto& pipeline) {
    return po::loss_and_gradient(
        po::exec::seq, pipeline, view<const Scalar>(policy_), view<const Scalar>(reference_),
        {.gradient = view<Scalar>(gradient_), .row_loss = row_loss_, .nonfinite = po::nonfinite::skip},
        po::with_instruments);
  });
  return static_cast<double>(evaluation_.loss);
}

template <std::floating_point Scalar>
double preference_batch<Scalar>::score(std::size_t row, std::size_t column) const {
  const double log_prob{policy_[row * width_ + column]};
  if (!averages(options_)) return log_prob;
  return log_prob / (column == 0 ? chosen_tokens_[row] : rejected_tokens_[row * (width_ - 1) + column - 1]);
}

template <std::floating_point Scalar>
void preference_batch<Scalar>::add_to(preference_sums& sums) const {
  const auto& genre = data_->items.genre;
  const auto genre_of = [&](std::size_t at) { return genre[static_cast<std::size_t>(items_.items[at])]; };
  for (std::size_t row = 0; row < items_.rows(); ++row) {
    if (std::isnan(row_loss_[row])) continue;
    std::size_t wins = 0;
    for (std::size_t column = 1; column < width_; ++column) {
      const std::size_t at = row * width_ + column;
      wins += score(row, 0) > score(row, column);
      const double tokens = averages(options_) ? rejected_tokens_[row * (width_ - 1) + column - 1] : 1;
      const double pull = std::abs(double{gradient_[at]}) * tokens * static_cast<double>(evaluation_.rows);
      sums.gradient += pull;
      if (genre.empty()) {
        sums.same_genre_gradient = std::numeric_limits<double>::quiet_NaN();
      } else if (genre_of(at) == genre_of(row * width_)) {
        sums.same_genre_gradient += pull;
      }
    }
    sums.pairs += width_ - 1;
    sums.pair_wins += wins;
    sums.row_wins += wins == width_ - 1;
    sums.chosen_log_probability += double{policy_[row * width_]};
  }
  sums.seen.merge(evaluation_.instruments);
  sums.loss += static_cast<double>(evaluation_.loss) * static_cast<double>(evaluation_.rows);
  sums.rows += static_cast<std::size_t>(evaluation_.rows);
  sums.invalid_rows += static_cast<std::size_t>(evaluation_.invalid_rows);
}

template class preference_batch<float>;
template class preference_batch<double>;

}  // namespace toy_llm
