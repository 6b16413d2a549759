// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

#include "dynamicpo/detail/ask_ahead.hpp"
#include "dynamicpo/detail/column_evaluation.hpp"
#include "dynamicpo/detail/lanes.hpp"
#include "dynamicpo/detail/processor.hpp"
#include "dynamicpo/detail/row_layout.hpp"
#include "dynamicpo/detail/row_stores.hpp"
#include "dynamicpo/select/concept.hpp"
#include "dynamicpo/workspace.hpp"

/// One row along the lanes, for rows of more negatives than a tile holds.
namespace dynamicpo::inline v1::detail {

/// Where a selection cuts a row, compiled once for all pipelines.
template <std::size_t Bytes, class Select, class T>
[[gnu::noinline]] select::cut<T> cut_apart(const Select& select, const select::row_scores<T>& row,
                                           select::scratch<T>& scratch) {
  if constexpr (Bytes == target_bytes) {
    return select.cut_of(row, scratch);
  } else {
    select::cut<T> found{};
    run_apart<Bytes>([&](auto) { found = select.cut_of(row, scratch); });
    return found;
  }
}

template <class V>
struct long_row {
  using T = typename V::element;

  V chosen_score, chosen_ratio;
  std::size_t negatives, columns;
  V *score, *ratio, *beta, *weight, *spare;  ///< score: of what is no more in the row, -inf
  along_the_row<V> layout{};
  accumulator_of<V> mean_rest{V(0)};
  std::size_t number = 0;               ///< of those selected
  const std::int32_t* slots = nullptr;  ///< entry j of the columns is negative slots[j]; null: negative j

  DYNAMICPO_INLINE long_row(const T& score_of_chosen, const T& ratio_of_chosen, std::size_t count,
                            row_buffers<T>& buffers)
      : chosen_score(score_of_chosen),
        chosen_ratio(ratio_of_chosen),
        negatives(count),
        columns((count + V::count - 1) / V::count) {
    // The buffers hold bytes; lanes come to be in them by being stored.
    V* const room = reinterpret_cast<V*>(buffers.columns.data());
    score = room;
    ratio = score + stride();
    beta = ratio + stride();
    weight = beta + stride();
    spare = weight + stride();
  }

  /// Of `together` rows in one room: the log-ratios of row r have an array of their own, where they stand for scores,
  /// and all rows the same one for margins.
  static constexpr std::size_t together = 4;
  DYNAMICPO_INLINE void share_room(std::size_t r) {
    weight = score + together * stride();
    score = ratio = score + r * stride();
  }

  /// Column k of `from`, 0 where the row has ended.
  DYNAMICPO_INLINE V column(const T* from, std::size_t k) const {
    const std::size_t begin = k * V::count;
    return begin + V::count <= negatives ? V::load(from + begin) : load_first<V>(from + begin, negatives - begin);
  }

  /// How far ahead of what is read or written memory is asked for: no pattern tells the processor what follows a page.
  static constexpr std::uintptr_t ahead = 4096;

  /// Of the next row the first columns are asked for while this one is seen through, as many as the nearest cache has
  /// room for beside it; in so many parts, at least one.
  static constexpr std::size_t columns_before = 256;
  DYNAMICPO_INLINE asked_by_column next_row(const T* from, index distance, std::size_t parts) const {
    return {from, static_cast<std::uintptr_t>(distance) * sizeof(T),
            std::min(negatives, columns_before * V::count) * sizeof(T), parts};
  }
  DYNAMICPO_INLINE static void ask_ahead_of(const T* scores, const T* reference, std::size_t k) {
    ask_ahead(scores + k * V::count, ahead);
    if (reference != nullptr) { ask_ahead(reference + k * V::count, ahead); }
  }

  /// Scores, and what is subtracted from them (null: nothing). False when a log-ratio is not finite.
  DYNAMICPO_INLINE bool load(const T* scores, const T* reference) {
    V spoilt(0);  // not a number where a log-ratio is not finite
    for (std::size_t k = 0; k < columns; ++k) {
      if (k >= columns_before) { ask_ahead_of(scores, reference, k); }
      const V s = column(scores, k);
      const V rho = reference != nullptr ? s - column(reference, k) : s;
      spoilt = spoilt + rho * V(0);
      score[k] = s;
      ratio[k] = rho;
    }
    end_row();
    return !any(~(spoilt == V(0)));
  }
  /// The same when all negatives are selected and the log-ratios are all that is read: they stand for the scores.
  /// `Once`: they are read for the margins alone, and weights take their place.
  template <bool Once>
  DYNAMICPO_INLINE bool load_whole(const T* scores, const T* reference) {
    score = ratio;
    if constexpr (Once) { weight = ratio; }
    V spoilt(0);  // not a number where a log-ratio is not finite
    for (std::size_t k = 0; k < columns; ++k) {
      if (k >= columns_before) { ask_ahead_of(scores, reference, k); }
      V rho = column(scores, k);
      if (reference != nullptr) { rho = rho - column(reference, k); }
      spoilt = spoilt + rho * V(0);
      ratio[k] = rho;
    }
    end_row();
    return !any(~(spoilt == V(0)));
  }
  /// Scores and log-ratios, known to be finite.
  DYNAMICPO_INLINE void load_ratios(const T* scores, const T* ratios) {
    for (std::size_t k = 0; k < columns; ++k) {
      score[k] = column(scores, k);
      ratio[k] = column(ratios, k);
    }
    end_row();
  }

  /// Takes all negatives.
  template <class Beta>
  DYNAMICPO_INLINE void select_all() {
    number = negatives;
    layout = {V(std::numeric_limits<T>::lowest()), accumulator_of<V>(static_cast<double>(number))};
    if constexpr (Beta::needs_rest) { mean_rest = mean_of_rest(score, columns, layout, layout.count); }
  }
  /// Takes the `count` negatives with a score of at least `least`, the slots `of` them in ascending order. Where they
  /// are not all, they alone are in the columns from here on.
  template <class Beta>
  DYNAMICPO_INLINE void select(T least, const std::int32_t* of, std::size_t count) {
    number = count;
    layout.least = V(least);
    layout.count = accumulator_of<V>(static_cast<double>(number));
    if constexpr (Beta::needs_rest) { mean_rest = mean_of_rest(score, columns, layout, layout.count); }
    if (number == negatives) { return; }
    slots = of;
    const T *const from_score = entries(score), *const from_ratio = entries(ratio);
    std::swap(score, beta);  // what is moved is not needed where it was
    std::swap(ratio, weight);
    columns = (number + V::count - 1) / V::count;
    score[columns - 1] = V(-std::numeric_limits<T>::infinity());
    ratio[columns - 1] = V(0);
    T *const to_score = entries(score), *const to_ratio = entries(ratio);
    const auto move = [&](std::size_t j) __attribute__((always_inline)) {
      const auto slot = static_cast<std::size_t>(of[j]);
      to_score[j] = from_score[slot];
      to_ratio[j] = from_ratio[slot];
    };
    std::size_t j = 0;
    for (; j + 4 <= count; j += 4) {
      unrolled<4>([&](auto next) __attribute__((always_inline)) { move(j + next); });
    }
    for (; j < count; ++j) { move(j); }
  }

  /// The numbers of an array of columns, one after the other.
  DYNAMICPO_INLINE static T* entries(V* array) { return reinterpret_cast<T*>(array); }
  /// Writes those of `array` to the places of their negatives, 0 to the others.
  DYNAMICPO_INLINE void spread(const V* array, T* to) const {
    const auto* const from = reinterpret_cast<const T*>(array);
    const std::int32_t* const place = slots;
    const std::size_t count = number;
    const V zero = broadcast<V>(static_cast<T>(opaque(0)));  // known, it would become a call, which is slow to begin
    for (std::size_t k = 0; k + V::count <= negatives; k += V::count) { zero.store(to + k); }
    for (std::size_t k = negatives / V::count * V::count; k < negatives; ++k) { to[k] = T(0); }
    std::size_t j = 0;
    for (; j + 4 <= count; j += 4) {
      unrolled<4>([&](auto next) __attribute__((always_inline)) { to[place[j + next]] = from[j + next]; });
    }
    for (; j < count; ++j) { to[place[j]] = from[j]; }
  }

  /// Step 3 up to the aggregate margin, of a whole row and one beta that is not of the other scores.
  template <class Beta, class Objective>
  DYNAMICPO_INLINE void reduce(const Beta& rule, const Objective& objective, evaluated_row<V>& result) const {
    using whole = along_the_row_whole<V>;
    const whole lies{layout};
    const accumulator_of<V> rest(0);
    const row_columns<V> all{score, ratio, nullptr, weight, columns};
    const column_evaluation<V, whole, Beta, Objective> of{rule, objective, lies, chosen_score, rest, all};
    of.reduce(chosen_ratio, result);
  }

  /// Step 3. `Layout`: of the row, or along_the_row_whole.
  template <bool WithGradient, class Layout, class Beta, class Objective>
  DYNAMICPO_INLINE evaluated_row<T> evaluate(const Beta& rule, const Objective& objective,
                                             const accumulator_of<T>& scale, bool keep_beta) {
    evaluated_row<T> result;
    run_apart<V::bytes>([&](auto) {
      const auto found = evaluate_columns<WithGradient, V>(
          rule, objective, Layout{layout}, chosen_score, chosen_ratio, mean_rest,
          {score, ratio, uniform<Beta> && !keep_beta ? nullptr : beta, weight, columns}, accumulator_of<V>(scale));
      result = {.loss = found.loss[0],
                .link_slope = found.link_slope[0],
                .chosen_gradient = found.chosen_gradient[0],
                .factor = found.factor[0],
                .underflow = !any(~found.underflow),
                .overflow = found.overflow[0] != 0};
    });
    return result;
  }

 private:
  /// From one array of columns to the next.
  DYNAMICPO_INLINE std::size_t stride() const { return columns + row_buffers<T>::lines_apart; }
  DYNAMICPO_INLINE void end_row() {
    const std::size_t last = negatives % V::count;
    if (last == 0) { return; }
    score[columns - 1] = where(first_lanes<V>(last), score[columns - 1], V(-std::numeric_limits<T>::infinity()));
  }
};

}  // namespace dynamicpo::inline v1::detail
