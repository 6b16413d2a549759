// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <type_traits>

#include "dynamicpo/detail/lanes.hpp"
#include "dynamicpo/detail/processor.hpp"
#include "dynamicpo/detail/row.hpp"
#include "dynamicpo/detail/transpose.hpp"
#include "dynamicpo/score/scores.hpp"

/// Rows side by side: a tile is V::count consecutive rows of a batch, one a lane, of up to `max_columns` negatives
/// each.
namespace dynamicpo::inline v1::detail {

/// Rows of more negatives are long: they run along the lanes, and sums over them are taken lane by lane.
inline constexpr std::size_t tile_columns = 64;

template <class V>
struct tile {
  using T = typename V::element;
  using truth = typename V::truth;
  static constexpr std::size_t rows = V::count;
  static constexpr std::size_t max_columns = tile_columns;
  static constexpr std::size_t panel_size = panel<V>::columns;
  static constexpr std::size_t room = max_columns + panel_size;

  index first;       ///< row of lane 0
  std::size_t used;  ///< lanes with a row
  std::size_t columns = 0;
  index count[rows];         ///< negatives of each row, absent ones included
  bool some_absent = false;  ///< whether some columns hold no negative of some row
  truth apart;               ///< rows that this tile does not hold: too long, or not finite
  V chosen_score, chosen_ratio;
  V score[room], ratio[room], beta[room], weight[room];
  T staged[rows][room];

  /// Whether every lane has a row, and none is apart.
  DYNAMICPO_INLINE bool complete() const { return used == rows && !any(apart); }

  /// Whether `view` holds T itself with the negatives of a row side by side.
  template <class View>
  static bool in_place(const View& view) {
    return std::is_same_v<typename View::value_type, T> && !view.length_normalised() &&
           view.rejected_matrix().column_stride == 1;
  }

  template <class View>
  DYNAMICPO_INLINE void load_chosen(const View& view, V& to) {
    if constexpr (std::is_same_v<typename View::value_type, T>) {
      if (used == rows && view.chosen_span().stride == 1 && !view.length_normalised()) {
        to = V::load(&view.chosen(first));
        return;
      }
    }
    alignas(64) T chosen[rows];
    for (std::size_t l = 0; l < rows; ++l) {
      const index row = first + static_cast<index>(l < used ? l : 0);
      chosen[l] = load<T>(view.chosen(row), view.chosen_length(row));
    }
    to = V::load(chosen);
  }

  /// to[k], k < columns: the k-th negative of each row; anything where a row has none.
  template <class View>
  DYNAMICPO_INLINE void load_rejected(const View& view, V* to) {
    if constexpr (std::is_same_v<typename View::value_type, T>) {
      const auto memory = view.rejected_matrix();
      if (!view.ragged() && columns == 1 && memory.row_stride == 1 && used == rows && !view.length_normalised()) {
        to[0] = V::load(&view.rejected(first, 0));
        return;
      }
    }
    const T* at[rows];
    if constexpr (std::is_same_v<typename View::value_type, T>) {
      if (in_place(view)) {
        const auto memory = view.rejected_matrix();
        const auto begin = [&](index row) {
          return memory.data + (view.ragged() ? view.flat(row) : row * memory.row_stride);
        };
        // A panel may go past its row into the next ones of this tile, not further.
        const index last = first + static_cast<index>(used) - 1;
        const T* const end = begin(last) + view.negatives(last);
        const bool ascending = view.ragged() || memory.row_stride >= memory.columns;
        const auto padded = static_cast<index>((columns + panel_size - 1) / panel_size * panel_size);
        for (std::size_t l = 0; l < rows; ++l) {
          at[l] = begin(first + static_cast<index>(l < used ? l : 0));
          if (!ascending || end - at[l] < padded) {
            std::copy(at[l], at[l] + count[l], staged[l]);
            at[l] = staged[l];
          }
        }
      } else {
        stage(view, at);
      }
    } else {
      stage(view, at);
    }
    for (std::size_t k = 0; k < columns; k += panel_size) { panel<V>::load(scattered<const T>{at, k}, to + k); }
  }

  template <class View>
  void stage(const View& view, const T** at) {
    for (std::size_t l = 0; l < rows; ++l) {
      at[l] = staged[l];
      for (index k = 0; k < count[l]; ++k) {
        const index row = first + static_cast<index>(l);
        staged[l][k] = view.present(row, k) ? load<T>(view.rejected(row, k), view.rejected_length(row, k)) : T(0);
      }
    }
  }

  /// Whether every lane has a row of as many negatives, at least a panel of them, all taking part and in place.
  template <class Policy, class Reference>
  DYNAMICPO_INLINE bool is_whole(const Policy& policy, const Reference& reference) const {
    if constexpr (!std::is_same_v<typename Policy::value_type, T>) { return false; }
    bool whole = used == rows && !policy.ragged() && !policy.masked() && in_place(policy) &&
                 policy.negatives(first) >= static_cast<index>(panel_size) &&
                 policy.negatives(first) <= static_cast<index>(max_columns);
    if constexpr (!std::is_same_v<Reference, reference_free_t>) {
      whole = whole && std::is_same_v<typename Reference::value_type, T> && in_place(reference) && !reference.ragged();
    }
    return whole;
  }

  /// Step 1 for a whole tile. `WithScore`: both scores and log-ratios; else the log-ratios alone.
  template <bool WithScore, class Policy, class Reference>
  DYNAMICPO_INLINE void load_whole(const Policy& policy, const Reference& reference) {
    constexpr bool has_reference = !std::is_same_v<Reference, reference_free_t>;
    columns = static_cast<std::size_t>(policy.negatives(first));
    for (index& each : count) { each = static_cast<index>(columns); }
    some_absent = false;
    load_chosen(policy, chosen_score);
    chosen_ratio = chosen_score;
    if constexpr (has_reference) {
      V other;
      load_chosen(reference, other);
      chosen_ratio = chosen_score - other;
    }
    truth finite = elementary::isfinite(chosen_ratio);
    if constexpr (std::is_same_v<typename Policy::value_type, T>) {
      const auto from = policy.rejected_matrix();
      const T* const base = from.data + first * from.row_stride;
      for (std::size_t k = 0; k < columns; k += panel_size) {
        const std::size_t at = std::min(k, columns - panel_size);
        const spaced<const T> here{base + at, from.row_stride};
        if constexpr (has_reference) {
          if constexpr (std::is_same_v<typename Reference::value_type, T>) {
            const auto frozen = reference.rejected_matrix();
            const spaced<const T> there{frozen.data + first * frozen.row_stride + at, frozen.row_stride};
            if constexpr (WithScore) { panel<V>::load(here, score + at); }
            panel<V>::load_difference(here, there, ratio + at);
          }
        } else {
          panel<V>::load(here, ratio + at);
          if constexpr (WithScore) {
            for (std::size_t q = 0; q < panel_size; ++q) { score[at + q] = ratio[at + q]; }
          }
        }
        for (std::size_t q = 0; q < panel_size; ++q) { finite = finite & elementary::isfinite(ratio[at + q]); }
      }
    }
    apart = ~finite;
  }

  /// Step 1 for rows side by side: the same scores and log-ratios as load_row's, -inf and 0 for what takes no part.
  /// Rows that are not finite throughout are told apart.
  template <class Policy, class Reference>
  DYNAMICPO_INLINE void load_rows(const Policy& policy, const Reference& reference) {
    run_apart<V::bytes>([&](auto) { load_any_rows(policy, reference); });
  }
  template <class Policy, class Reference>
  DYNAMICPO_INLINE void load_any_rows(const Policy& policy, const Reference& reference) {
    constexpr bool has_reference = !std::is_same_v<Reference, reference_free_t>;
    const V counts = measure(policy);
    const bool uniform = !policy.ragged() && used == rows;
    load_chosen(policy, chosen_score);
    chosen_ratio = chosen_score;
    load_rejected(policy, score);
    if constexpr (has_reference) {
      V other;
      load_chosen(reference, other);
      chosen_ratio = chosen_score - other;
      load_rejected(reference, ratio);
    }
    truth finite = elementary::isfinite(chosen_ratio);
    some_absent = !uniform || policy.masked() || policy.length_normalised();
    for (std::size_t k = 0; k < columns; ++k) {
      V log_ratio = score[k];
      if constexpr (has_reference) { log_ratio = score[k] - ratio[k]; }
      if (some_absent) {
        const truth present = presence(policy, k, counts);
        finite = finite & (~present | elementary::isfinite(log_ratio));
        score[k] = where(present, score[k], V(-std::numeric_limits<T>::infinity()));
        ratio[k] = where(present, log_ratio, V(0));
      } else {
        finite = finite & elementary::isfinite(log_ratio);
        ratio[k] = log_ratio;
      }
    }
    apart = apart | ~finite;
  }

  /// Sets count, columns and apart by the shape alone; returns the counts.
  template <class Policy>
  DYNAMICPO_INLINE V measure(const Policy& policy) {
    if (!policy.ragged() && used == rows && !policy.length_normalised() &&
        policy.negatives(first) <= static_cast<index>(max_columns)) {
      columns = static_cast<std::size_t>(policy.negatives(first));
      for (index& each : count) { each = static_cast<index>(columns); }
      apart = truth(0);
      return V(static_cast<T>(columns));
    }
    alignas(64) bits_of<T> lane_apart[rows];
    alignas(64) T lane_count[rows];
    columns = 0;
    for (std::size_t l = 0; l < rows; ++l) {
      const index row = first + static_cast<index>(l);
      const bool fits =
          l < used && policy.negatives(row) <= static_cast<index>(max_columns) && policy.chosen_length(row) > 0;
      lane_apart[l] = fits ? 0 : -1;
      count[l] = fits ? policy.negatives(row) : 0;
      lane_count[l] = static_cast<T>(count[l]);
      columns = std::max(columns, static_cast<std::size_t>(count[l]));
    }
    apart = truth::load(lane_apart);
    return V::load(lane_count);
  }

  template <class Policy>
  DYNAMICPO_INLINE truth presence(const Policy& policy, std::size_t k, const V& counts) {
    truth present = V(static_cast<T>(k)) < counts;
    if (policy.masked() || policy.length_normalised()) {
      alignas(64) bits_of<T> there[rows];
      for (std::size_t l = 0; l < rows; ++l) {
        there[l] =
            static_cast<index>(k) < count[l] && policy.present(first + static_cast<index>(l), static_cast<index>(k))
                ? -1
                : 0;
      }
      present = truth::load(there);
    }
    return present;
  }

  /// Writes one number a row to all its entries; of a complete tile alone.
  template <class View>
  DYNAMICPO_INLINE void fill_rejected(const V& from, const View& to) {
    using vector = typename V::vector;
    typedef T anywhere __attribute__((vector_size(sizeof(vector)), aligned(alignof(T)), may_alias));  // NOLINT
    alignas(64) T values[rows];
    from.store(values);
    const auto memory = to.rejected_matrix();
    T* row = memory.data + first * memory.row_stride;
    for (std::size_t l = 0; l < rows; ++l, row += memory.row_stride) {
      const vector all = vector{} + values[l];
      if (columns >= V::per_part) {
        *reinterpret_cast<anywhere*>(row) = all;
        *reinterpret_cast<anywhere*>(row + (columns - V::per_part)) = all;
        for (std::size_t k = V::per_part; k + V::per_part < columns; k += V::per_part) {
          *reinterpret_cast<anywhere*>(row + k) = all;
        }
      } else {
        for (std::size_t k = 0; k < columns; ++k) { row[k] = values[l]; }
      }
    }
  }

  /// Writes a column-wise array to the rows of `to` that are not apart, each entry divided by its length.
  template <class View>
  DYNAMICPO_INLINE void store_rejected(
      const V* from, const View& to, const scores<const typename View::value_type, typename View::space_type>& policy) {
    const bool all = complete();
    if constexpr (std::is_same_v<typename View::value_type, T>) {
      const auto memory = to.rejected_matrix();
      if (all && !to.ragged() && memory.column_stride == 1 && columns >= panel_size && !policy.length_normalised()) {
        T* const base = memory.data + first * memory.row_stride;
        for (std::size_t k = 0; k < columns; k += panel_size) {
          const std::size_t column = std::min(k, columns - panel_size);
          panel<V>::store(from + column, spaced<T>{base + column, memory.row_stride});
        }
        return;
      }
    }
    run_apart<V::bytes>([&](auto) { store_any_rows(from, to, policy); });
  }
  template <class View>
  DYNAMICPO_INLINE void store_any_rows(
      const V* from, const View& to, const scores<const typename View::value_type, typename View::space_type>& policy) {
    T* at[rows];
    for (std::size_t l = 0; l < rows; ++l) { at[l] = staged[l]; }
    for (std::size_t k = 0; k < columns; k += panel_size) { panel<V>::store(from + k, scattered<T>{at, k}); }
    for (std::size_t l = 0; l < used; ++l) {
      if (apart[l] != 0) { continue; }
      const index row = first + static_cast<index>(l);
      for (index k = 0; k < count[l]; ++k) {
        to.rejected(row, k) =
            static_cast<typename View::value_type>(per_token(staged[l][k], policy.rejected_length(row, k)));
      }
    }
  }

  template <class View>
  DYNAMICPO_INLINE void store_chosen(const V& from, const View& to,
                                     const scores<const typename View::value_type, typename View::space_type>& policy) {
    if constexpr (std::is_same_v<typename View::value_type, T>) {
      if (to.chosen_span().stride == 1 && !policy.length_normalised() && complete()) {
        from.store(&to.chosen(first));
        return;
      }
    }
    alignas(64) T values[rows];
    from.store(values);
    for (std::size_t l = 0; l < used; ++l) {
      if (apart[l] != 0) { continue; }
      const index row = first + static_cast<index>(l);
      to.chosen(row) = static_cast<typename View::value_type>(per_token(values[l], policy.chosen_length(row)));
    }
  }

  /// Writes the selected entries of a column-wise array by flat position, 0 for the others.
  template <class Layout, class View>
  void store_by_position(const V* from, const Layout& layout, const View& policy, std::span<T> to) const {
    for (std::size_t l = 0; l < used; ++l) {
      if (apart[l] != 0) { continue; }
      const index row = first + static_cast<index>(l);
      for (index k = 0; k < count[l]; ++k) {
        const auto column = static_cast<std::size_t>(k);
        to[static_cast<std::size_t>(policy.flat(row) + k)] =
            where(layout.selected(score[column]), from[column], V(0))[l];
      }
    }
  }
};

}  // namespace dynamicpo::inline v1::detail
