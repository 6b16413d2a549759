// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>

#include "dynamicpo/detail/ask_ahead.hpp"
#include "dynamicpo/detail/lanes.hpp"
#include "dynamicpo/detail/presence.hpp"
#include "dynamicpo/detail/processor.hpp"
#include "dynamicpo/detail/row.hpp"
#include "dynamicpo/detail/transpose.hpp"
#include "dynamicpo/score/scores.hpp"

/// Rows side by side: a tile is V::count rows of a batch, one a lane, of up to `max_columns` negatives each.
namespace dynamicpo::inline v1::detail {

/// Rows of more negatives are long: they run along the lanes, and sums over them are taken lane by lane.
inline constexpr std::size_t tile_columns = 64;

template <class V>
struct tile {
  using T = typename V::element;
  using truth = typename V::truth;
  static constexpr std::size_t rows = V::count;
  static constexpr std::size_t max_columns = tile_columns, wide = 2 * rows;
  static constexpr std::size_t panel_size = panel<V>::columns;
  static constexpr std::size_t room = max_columns + panel_size;
  static constexpr std::size_t lines_of_panel = rows * panel_size * sizeof(T) / 64;

  index start;                  ///< that distances are from
  std::size_t used;             ///< lanes with a row
  bool in_turn;                 ///< whether the rows are row(0), row(0) + 1, ..
  bool whole;                   ///< see is_whole
  bool has_margins;             ///< loaded as margins: see row_evaluation
  bool summed;                  ///< not loaded: margins were added up as they were read, to `total`
  index block_end;              ///< no thread but this one writes from row(0) up to this row
  index after, after_end;       ///< rows that memory is asked for meanwhile
  std::int32_t distance[rows];  ///< of each lane's row, where they are not in turn
  std::size_t columns = 0;
  index count[rows];  ///< negatives of each row, absent ones included
  truth apart;        ///< rows that this tile does not hold: too long, or not finite
  V chosen_score, chosen_ratio;
  V score[room], ratio[room], beta[room], weight[room];
  accumulator_of<V> total;
  T staged[rows][room], staged_reference[rows][room];
  // After `measure`, or `take`:
  const std::int64_t* offsets;  ///< the policy's
  index begins[rows];           ///< where each row begins among the policy's rejected, by its shape
  std::uint64_t own[rows];      ///< a bit for each of its negatives, the lowest ones
  std::uint64_t present[rows];  ///< of these, a bit for each that takes part
  bool by_presence;             ///< loaded by these: see present_tile.hpp

  /// Of lane l; that of the first, if it has none.
  DYNAMICPO_INLINE index row(std::size_t l) const {
    return in_turn ? start + static_cast<index>(l < used ? l : 0) : start + distance[l];
  }

  /// Takes `number` rows from `from` on.
  DYNAMICPO_INLINE void take(index from, std::size_t number, index end) {
    start = from;
    used = number;
    in_turn = true;
    block_end = end;
  }
  /// Takes `number` rows of a ragged view by their distances from `from`; where they begin, and how many negatives they
  /// have. Reads as many of each as there are lanes.
  DYNAMICPO_INLINE void take(index from, std::size_t number, index end, const std::int32_t* distances,
                             const index* places, const index* counts) {
    start = from;
    used = number;
    in_turn = false;
    block_end = end;
    std::copy_n(distances, rows, distance);
    std::copy_n(places, rows, begins);
    std::copy_n(counts, rows, count);
    for (std::size_t l = used; l < rows; ++l) {
      distance[l] = distance[0];
      begins[l] = begins[0];
    }
  }

  /// What comes next: as many rows from `first` on, as far as there are so many.
  DYNAMICPO_INLINE void come_after(index first, index all_rows) {
    after = std::min(first, all_rows);
    after_end = std::min(first + static_cast<index>(rows), all_rows);
  }
  template <class U>
  struct place {
    U* begin;
    std::size_t bytes;
  };
  /// Where the rejected of the rows after are, if side by side.
  template <class U, class Space>
  DYNAMICPO_INLINE place<U> place_after(const scores<U, Space>& view) const {
    const auto memory = view.rejected_matrix();
    const index stride = view.ragged() ? 1 : memory.row_stride;
    if (after >= after_end || memory.column_stride != 1 || stride <= 0 || stride > 2 * memory.columns + 64) {
      return {nullptr, 0};
    }
    const index begin = view.ragged() ? view.flat(after) : after * stride;
    const index end = view.ragged() ? view.flat(after_end) : (after_end - 1) * stride + memory.columns;
    return {memory.data + begin, static_cast<std::size_t>(end - begin) * sizeof(U)};
  }
  DYNAMICPO_INLINE static place<const T> place_after(const reference_free_t&) { return {nullptr, 0}; }
  /// The rejected of the rows after, where they lie side by side, to be asked for in so many parts.
  template <std::size_t Lines, class View>
  DYNAMICPO_INLINE auto rejected_after(const View& view, std::size_t parts) const {
    using asked = asked_in_parts<!std::is_const_v<std::remove_pointer_t<decltype(place_after(view).begin)>>, Lines>;
    const auto next = place_after(view);
    return parts == 0 || next.bytes == 0 ? asked{} : asked{next.begin, next.bytes, parts};
  }
  /// The same, to be asked for with the columns of this tile.
  template <class View>
  DYNAMICPO_INLINE asked_by_column rejected_with_columns(const View& view) const {
    const auto next = place_after(view);
    return {next.begin, 0, next.bytes, columns};
  }
  /// Whether the processor itself sees in time what comes next where rows are read or written one after the other;
  /// being asked for it as well, it takes up to twice as long (Zen 4).
  DYNAMICPO_INLINE bool is_wide() const { return columns >= wide; }
  /// How many panels hold all columns.
  DYNAMICPO_INLINE std::size_t panels() const { return (columns + panel_size - 1) / panel_size; }

  /// Whether its rows have more negatives than it holds; of a dense view.
  template <class View>
  DYNAMICPO_INLINE bool is_long(const View& view) const {
    return !view.ragged() && view.negatives(row(0)) > static_cast<index>(max_columns);
  }

  /// How many negatives of each row take part, after `measure`.
  DYNAMICPO_INLINE V number_present() const {
    alignas(64) T numbers[rows];
    for (std::size_t l = 0; l < rows; ++l) { numbers[l] = static_cast<T>(std::popcount(present[l])); }
    return V::load(numbers);
  }

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
      if (in_turn && used == rows && view.chosen_span().stride == 1 && !view.length_normalised()) {
        to = V::load(&view.chosen(row(0)));
        return;
      }
    }
    alignas(64) T chosen[rows];
    if constexpr (std::is_same_v<typename View::value_type, T>) {
      if (!view.length_normalised()) {
        const auto memory = view.chosen_span();
        for (std::size_t l = 0; l < rows; ++l) { chosen[l] = memory.data[opaque(row(l) * memory.stride)]; }
        to = V::load(chosen);
        return;
      }
    }
    for (std::size_t l = 0; l < rows; ++l) { chosen[l] = load<T>(view.chosen(row(l)), view.chosen_length(row(l))); }
    to = V::load(chosen);
  }

  template <class Policy, class Reference>
  DYNAMICPO_INLINE void load_chosen_ratio(const Policy& policy, const Reference& reference) {
    load_chosen(policy, chosen_score);
    chosen_ratio = chosen_score;
    if constexpr (!std::is_same_v<Reference, reference_free_t>) {
      V other;
      load_chosen(reference, other);
      chosen_ratio = chosen_score - other;
    }
  }

  template <class View>
  DYNAMICPO_INLINE static const T* begin_of(const View& view, index of) {
    const auto memory = view.rejected_matrix();
    return memory.data + (view.ragged() ? view.flat(of) : of * memory.row_stride);
  }

  /// After `measure`: where each row begins in the memory of a view's rejected; what is not known so far is put to
  /// `room_of_rows`.
  template <class View>
  DYNAMICPO_INLINE const index* places_in(const View& view, index (&room_of_rows)[rows]) const {
    if (view.ragged() && view.offsets_data() == offsets) { return begins; }
    const index stride = view.rejected_matrix().row_stride;
    for (std::size_t l = 0; l < rows; ++l) { room_of_rows[l] = view.ragged() ? view.flat(row(l)) : row(l) * stride; }
    return room_of_rows;
  }

  /// Sets count and columns; whether the negatives of every lane's row lie in line in both views, and can be read from
  /// there as many at a time as there are lanes.
  template <class Policy, class Reference>
  DYNAMICPO_INLINE bool runs_along(const Policy& policy, const Reference& reference) {
    if (!in_turn || used != rows || policy.masked()) { return false; }
    columns = static_cast<std::size_t>(policy.negatives(row(0)));
    for (std::size_t l = 0; l < rows; ++l) {
      count[l] = policy.negatives(row(l));
      columns = std::max(columns, static_cast<std::size_t>(count[l]));
    }
    return columns > 0 && columns <= max_columns && has_room_along(policy) && has_room_along(reference);
  }
  template <class View>
  DYNAMICPO_INLINE bool has_room_along(const View& view) const {
    if constexpr (std::is_same_v<View, reference_free_t>) {
      return true;
    } else if constexpr (!std::is_same_v<typename View::value_type, T>) {
      return false;
    } else {
      if (!in_place(view)) { return false; }
      const auto memory = view.rejected_matrix();
      if (!view.ragged() && memory.row_stride < memory.columns) { return false; }
      const index left = view.ragged() ? view.flat(block_end) - view.flat(row(rows - 1))
                                       : (block_end - 1 - row(rows - 1)) * memory.row_stride + memory.columns;
      return left >= static_cast<index>((columns + rows - 1) / rows * rows);
    }
  }

  /// at[l]: a place to read the negatives of row l from, in whole panels. Those that overrun memory, or what other
  /// threads may write to, are copied to `room_of_row`; so is what is stored in another way.
  template <class View>
  DYNAMICPO_INLINE void point(const View& view, T (&room_of_row)[rows][room], const T** at) {
    if constexpr (std::is_same_v<typename View::value_type, T>) {
      if (in_place(view)) {
        const auto memory = view.rejected_matrix();
        const bool ragged = view.ragged();
        const auto padded = static_cast<index>((columns + panel_size - 1) / panel_size * panel_size);
        const bool ascending = ragged || memory.row_stride >= memory.columns;
        const T* const end = ascending ? begin_of(view, block_end - 1) + view.negatives(block_end - 1) : nullptr;
        bool overrun = !ascending;
        for (std::size_t l = 0; l < rows; ++l) {
          at[l] = begin_of(view, row(l));
          overrun = overrun || end - at[l] < padded;
        }
        for (std::size_t l = 0; overrun && l < rows; ++l) {
          if (ascending && end - at[l] >= padded) { continue; }
          std::copy(at[l], at[l] + count[l], room_of_row[l]);
          at[l] = room_of_row[l];
        }
        return;
      }
    }
    for (std::size_t l = 0; l < rows; ++l) {
      at[l] = room_of_row[l];
      for (index k = 0; k < count[l]; ++k) {
        room_of_row[l][k] =
            view.present(row(l), k) ? load<T>(view.rejected(row(l), k), view.rejected_length(row(l), k)) : T(0);
      }
    }
  }

  /// Whether so many columns may be read from every row of a dense view in place: of shorter rows they run into the
  /// next.
  template <class View>
  DYNAMICPO_INLINE bool has_columns(const View& view, std::size_t number) const {
    const auto memory = view.rejected_matrix();
    if (memory.columns >= static_cast<index>(number)) { return true; }
    const index read = static_cast<index>(rows - 1) * memory.row_stride + static_cast<index>(number);
    const index end = (block_end - 1 - row(0)) * memory.row_stride + memory.columns;
    return memory.columns > 0 && memory.row_stride >= memory.columns && read <= end;
  }
  /// The same where no gap between rows is read, which others may write to.
  template <class View>
  DYNAMICPO_INLINE bool has_columns_and_no_gap(const View& view, std::size_t number) const {
    if constexpr (std::is_same_v<View, reference_free_t>) {
      return true;
    } else {
      const auto memory = view.rejected_matrix();
      const bool within = memory.columns >= static_cast<index>(number);
      return has_columns(view, number) && (within || memory.row_stride == memory.columns);
    }
  }

  /// Whether every lane has a row of as many negatives, all in place; and whether all take part.
  template <class Policy, class Reference>
  DYNAMICPO_INLINE bool is_whole(const Policy& policy, const Reference& reference) const {
    return !policy.masked() && lies_whole(policy, reference);
  }
  template <class Policy, class Reference>
  DYNAMICPO_INLINE bool lies_whole(const Policy& policy, const Reference& reference) const {
    if constexpr (!std::is_same_v<typename Policy::value_type, T>) { return false; }
    bool fits = in_turn && used == rows && !policy.ragged() && in_place(policy) &&
                policy.negatives(row(0)) <= static_cast<index>(max_columns) && has_columns(policy, panel_size);
    if constexpr (!std::is_same_v<Reference, reference_free_t>) {
      fits = fits && std::is_same_v<typename Reference::value_type, T> && in_place(reference) && !reference.ragged() &&
             has_columns(reference, panel_size);
    }
    return fits;
  }

  /// Step 1 for rows side by side, after `measure`: the same scores and log-ratios as load_row's, -inf and 0 for what
  /// takes no part. Rows that are not finite throughout are told apart. Not `WithScore`: 0 stands for a score.
  /// `AsksAhead`: for the rows after.
  template <bool WithScore, bool AsksAhead, class Policy, class Reference>
  DYNAMICPO_INLINE void load_rows(const Policy& policy, const Reference& reference) {
    run_apart<V::bytes>([&](auto) { load_any_rows<WithScore, AsksAhead>(policy, reference); });
  }
  template <bool WithScore, bool AsksAhead, class Policy, class Reference>
  DYNAMICPO_INLINE void load_any_rows(const Policy& policy, const Reference& reference) {
    constexpr bool has_reference = !std::is_same_v<Reference, reference_free_t>;
    const auto there = lane_bits<V>::load(present);
    load_chosen_ratio(policy, reference);
    truth finite = elementary::isfinite(chosen_ratio);
    const T *from[rows], *frozen[rows];
    point(policy, staged, from);
    if constexpr (has_reference) { point(reference, staged_reference, frozen); }
    auto next_scores = rejected_after<lines_of_panel>(policy, AsksAhead ? panels() : 0);
    auto next_frozen = rejected_after<lines_of_panel>(reference, AsksAhead ? panels() : 0);
    for (std::size_t k = 0; k < columns; k += panel_size) {
      next_scores.ask_for_next();
      next_frozen.ask_for_next();
      const scattered<const T> here{from, k};
      if constexpr (!has_reference) {
        panel<V>::load(here, ratio + k);
      } else if constexpr (WithScore) {
        panel<V>::load(here, score + k);
        panel<V>::load(scattered<const T>{frozen, k}, ratio + k);
        for (std::size_t c = k; c < k + panel_size; ++c) { ratio[c] = score[c] - ratio[c]; }
      } else {
        panel<V>::load_difference(here, scattered<const T>{frozen, k}, ratio + k);
      }
      for (std::size_t c = k; c < k + panel_size; ++c) {
        V of_present(0);
        if constexpr (WithScore) { of_present = has_reference ? score[c] : ratio[c]; }
        score[c] = where(there[c], of_present, V(-std::numeric_limits<T>::infinity()));
        ratio[c] = where(there[c], ratio[c], V(0));
        finite = finite & elementary::isfinite(ratio[c]);
      }
    }
    apart = apart | ~finite;
  }

  /// Sets begins, count, own, present, columns and apart by the shape alone.
  template <class Policy>
  DYNAMICPO_INLINE void measure(const Policy& policy) {
    offsets = policy.offsets_data();
    index longest = 0;
    if (!in_turn) {
      longest = count[used - 1];  // in order
    } else if (offsets == nullptr) {
      longest = policy.negatives(start);
      for (std::size_t l = 0; l < rows; ++l) {
        begins[l] = row(l) * longest;
        count[l] = longest;
      }
    } else {
      for (std::size_t l = 0; l < rows; ++l) {
        const std::int64_t* const at = offsets + (used == rows ? start + static_cast<index>(l) : row(l));
        begins[l] = static_cast<index>(at[0]);
        count[l] = static_cast<index>(at[1] - at[0]);
        longest = std::max(longest, static_cast<index>(at[1] - at[0]));
      }
    }
    if (used == rows && longest <= static_cast<index>(max_columns)) {
      for (std::size_t l = 0; l < rows; ++l) { own[l] = first_bits(count[l]); }
      apart = truth(0);
    } else {
      longest = measure_one_by_one();
    }
    columns = static_cast<std::size_t>(longest);
    if (policy.length_normalised()) {
      alignas(64) bits_of<T> lane_apart[rows];
      apart.store(lane_apart);
      for (std::size_t l = 0; l < rows; ++l) {
        if (policy.chosen_length(row(l)) <= 0) { lane_apart[l] = -1; }
        present[l] = bits_of_present(policy, row(l), begins[l], static_cast<std::size_t>(count[l]));
      }
      apart = truth::load(lane_apart);
    } else if (policy.masked()) {
      for (std::size_t l = 0; l < rows; ++l) { present[l] = bits_of_bytes(policy.mask_data() + begins[l], own[l]); }
    } else {
      for (std::size_t l = 0; l < rows; ++l) { present[l] = own[l]; }
    }
  }

 private:
  DYNAMICPO_INLINE static std::uint64_t first_bits(index number) {
    return number == 0 ? 0 : ~std::uint64_t{0} >> (64 - number);
  }
  /// Sets count, own and apart of any rows; returns the length of the longest that it holds.
  index measure_one_by_one() {
    alignas(64) bits_of<T> lane_apart[rows];
    index longest = 0;
    for (std::size_t l = 0; l < rows; ++l) {
      const bool fits = l < used && count[l] <= static_cast<index>(max_columns);
      lane_apart[l] = fits ? 0 : -1;
      count[l] = fits ? count[l] : 0;
      longest = std::max(longest, count[l]);
      own[l] = first_bits(count[l]);
    }
    apart = truth::load(lane_apart);
    return longest;
  }
};

}  // namespace dynamicpo::inline v1::detail
