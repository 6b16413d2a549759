// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <type_traits>

#include "dynamicpo/detail/ask_ahead.hpp"
#include "dynamicpo/detail/fill_lines.hpp"
#include "dynamicpo/detail/lanes.hpp"
#include "dynamicpo/detail/processor.hpp"
#include "dynamicpo/detail/row.hpp"
#include "dynamicpo/detail/row_stores.hpp"
#include "dynamicpo/detail/some_lanes.hpp"
#include "dynamicpo/detail/stream_store.hpp"
#include "dynamicpo/detail/tile.hpp"
#include "dynamicpo/detail/transpose.hpp"
#include "dynamicpo/score/scores.hpp"

/// What a tile comes to, from lanes back to rows of memory; that of the rows after is asked for meanwhile.
namespace dynamicpo::inline v1::detail {

/// Whether rows are written a bit for each number.
template <class V>
inline constexpr bool stores_present = false;
#if !defined(__CUDACC__)
template <class V>
  requires(stores_some<typename V::vector>&& panel<V>::has_squares)
inline constexpr bool stores_present<V> = true;
#endif

/// Writes the results of a tile; what a row has beside them in memory stays as it is.
template <class V>
struct tile_store {
  using T = typename V::element;
  static constexpr std::size_t rows = V::count;
  static constexpr std::size_t panel_size = tile<V>::panel_size, lines_of_panel = tile<V>::lines_of_panel;

  tile<V>& of;
  bool past_caches = false;  ///< wide tiles and those of one number a row go there, where rows lie side by side

  /// Writes one number a row to all its entries; of a complete tile alone.
  template <class View>
  DYNAMICPO_INLINE void fill_rejected(const V& from, const View& to) const {
    if (to.rejected_matrix().columns == 1 && to.rejected_matrix().row_stride == 1) {
      from.store(&to.rejected(of.row(0), 0));
      return;
    }
    const auto memory = to.rejected_matrix();
    if constexpr (fills_lines<V>) {
      constexpr std::size_t worth_it = 8;  // of fewer columns most of the lines are shared with other tiles
      if (past_caches && memory.row_stride == memory.columns && of.columns >= worth_it) {
        return fill_lines_past_caches(from, of.columns, memory.data + of.row(0) * memory.row_stride);
      }
    }
    alignas(64) T values[rows];
    from.store(values);
    auto next = after_filling(to);
    fill_rows<V::bytes>(
        values, spaced<T>{memory.data + of.row(0) * memory.row_stride, memory.row_stride},
        of.columns, [&]() __attribute__((always_inline)) { next.ask_for_next(); });
  }
  /// The same where `lies_in_line`.
  template <class View>
  DYNAMICPO_INLINE void fill_in_line(const V& from, const View& to) const {
    alignas(64) T values[rows];
    from.store(values);
    constexpr std::size_t size = V::bytes / sizeof(T);
    const std::size_t width = (of.columns + size - 1) / size * size;
    auto next = after_filling(to);
    write_in_line(
        to, width, [&](T* const(&at)[rows]) __attribute__((always_inline)) {
          fill_rows<V::bytes>(
              values, at, width, [&]() __attribute__((always_inline)) { next.ask_for_next(); });
        });
  }

  /// Whether each row can be written a bit for each number.
  template <class View, class Policy>
  DYNAMICPO_INLINE bool takes_bits(const View& to, const Policy& policy) const {
    return of.by_presence && to.rejected_matrix().column_stride == 1 && !policy.length_normalised();
  }
  /// Writes one number a row to all its entries that take part, 0 to the others, where takes_bits.
  template <class View>
  DYNAMICPO_INLINE void fill_present(const V& from, const View& to) const {
    run_apart<V::bytes>([&](auto) {
      const own_rows<View> own(of, to);
      alignas(64) T values[rows];
      from.store(values);
      auto next = after_filling(to);
      for (std::size_t k = 0; k < of.columns; k += rows) {
        for (std::size_t l = 0; l < rows; ++l) {
          if (k == 0 && l % rows_between_pauses == 0) { next.ask_for_next(); }
          const V all = broadcast<V>(values[l]);
          typename V::vector some{};
          take_some(of.present[l] >> k, all.part[0], some);
          store_some(own.base + own.place[l] + k, own.bits[l] >> k, some);
        }
      }
    });
  }

  /// Writes columns to the rows of `to` that are not apart, each entry divided by its length.
  /// \param from  from(k): column k; it is asked for some beyond the last as well, to fill a panel.
  template <class Columns, class View>
  DYNAMICPO_INLINE void store_rejected(
      const Columns& from, const View& to,
      const scores<const typename View::value_type, typename View::space_type>& policy) const {
    if constexpr (std::is_same_v<typename View::value_type, T>) {
      const auto memory = to.rejected_matrix();
      if (of.in_turn && of.complete() && !to.ragged() && memory.column_stride == 1 && !policy.length_normalised() &&
          (of.columns >= panel_size || (of.columns == 1 && memory.row_stride == 1))) {
        T* const base = memory.data + of.row(0) * memory.row_stride;
        if (of.columns == 1) {
          from(0).store(base);
          return;
        }
        if (past_caches && of.is_wide() && memory.row_stride == memory.columns) {
          return run_apart<V::bytes>([&](auto) { stream_columns(from, base); });
        }
        auto next = of.template rejected_after<lines_of_panel>(to, of.panels());
        store_columns(
            from, spaced<T>{base, memory.row_stride}, [&]() __attribute__((always_inline)) { next.ask_for_next(); });
        return;
      }
    }
    run_apart<V::bytes>([&](auto) {
      if constexpr (std::is_same_v<typename View::value_type, T>) {
        if constexpr (stores_present<V>) {
          if (takes_bits(to, policy)) { return store_present(from, to); }
        }
        if (lies_in_line(to, policy)) { return store_in_line(from, to); }
      }
      store_any_rows(from, to, policy);
    });
  }

  /// Whether every lane's negatives follow those of the lane before.
  template <class View, class Policy>
  DYNAMICPO_INLINE bool lies_in_line(const View& to, const Policy& policy) const {
    return of.in_turn && of.complete() && to.ragged() && to.rejected_matrix().column_stride == 1 &&
           !policy.length_normalised();
  }

  template <class View>
  DYNAMICPO_INLINE void store_chosen(
      const V& from, const View& to,
      const scores<const typename View::value_type, typename View::space_type>& policy) const {
    if constexpr (std::is_same_v<typename View::value_type, T>) {
      if (of.in_turn && to.chosen_span().stride == 1 && !policy.length_normalised() && of.complete()) {
        from.store(&to.chosen(of.row(0)));
        return;
      }
    }
    alignas(64) T values[rows];
    from.store(values);
    if constexpr (std::is_same_v<typename View::value_type, T>) {
      if (of.complete() && !policy.length_normalised()) {
        const auto memory = to.chosen_span();
        for (std::size_t l = 0; l < rows; ++l) { memory.data[opaque(of.row(l) * memory.stride)] = values[l]; }
        return;
      }
    }
    for (std::size_t l = 0; l < of.used; ++l) {
      if (of.apart[l] != 0) { continue; }
      to.chosen(of.row(l)) =
          static_cast<typename View::value_type>(per_token(values[l], policy.chosen_length(of.row(l))));
    }
  }

  /// Writes the selected entries of a column-wise array by flat position, 0 for the others.
  template <class Layout, class View>
  void store_by_position(const V* from, const Layout& layout, const View& policy, std::span<T> to) const {
    for (std::size_t l = 0; l < of.used; ++l) {
      if (of.apart[l] != 0) { continue; }
      for (index k = 0; k < of.count[l]; ++k) {
        const auto column = static_cast<std::size_t>(k);
        to[static_cast<std::size_t>(policy.flat(of.row(l)) + k)] =
            where(layout.selected(of.score[column]), from[column], V(0))[l];
      }
    }
  }

 private:
  template <class Columns, class Rows>
  DYNAMICPO_INLINE static void store_panel(const Columns& from, std::size_t k, const Rows& to) {
    V some[panel_size];
    unrolled<panel_size>([&](auto q) __attribute__((always_inline)) { some[q] = from(k + q); });
    panel<V>::store(some, to);
  }
  template <class Columns, class Pause>
  DYNAMICPO_INLINE void store_columns(const Columns& from, const spaced<T>& to, const Pause& pause) const {
    for (std::size_t k = 0; k < of.columns; k += panel_size) {
      pause();
      const std::size_t column = std::min(k, of.columns - panel_size);
      store_panel(from, column, spaced<T>{to.base + column, to.stride});
    }
  }
  template <class Columns>
  DYNAMICPO_INLINE void stream_columns(const Columns& from, T* to) const {
    alignas(64) T staged[rows * tile<V>::max_columns];
    store_columns(from, spaced<T>{staged, static_cast<index>(of.columns)}, []() __attribute__((always_inline)){});
    ask_ahead<true>(to, 2 * rows * of.columns * sizeof(T));  // the line that a tile shares with the one before
    stream_copy(staged, rows * of.columns, to);
  }
  /// What to ask for while rows are filled.
  template <class View>
  DYNAMICPO_INLINE auto after_filling(const View& to) const {
    return of.template rejected_after<lines_of_panel>(to, of.is_wide() ? 0 : rows / rows_between_pauses);
  }
  /// Calls write(at), at[l] a place for `width` entries of row l. What is beyond the row's own belongs to later rows,
  /// to be written after; the last rows, which have no such room, are copied from `staged` in the end.
  template <class View, class Write>
  DYNAMICPO_INLINE void write_in_line(const View& to, std::size_t width, const Write& write) const {
    T* at[rows];
    T* const base = to.rejected_matrix().data;
    T* const end = base + to.flat(of.row(0) + static_cast<index>(rows));
    for (std::size_t l = 0; l < rows; ++l) {
      T* const own = base + to.flat(of.row(l));
      at[l] = end - own < static_cast<index>(width) ? of.staged[l] : own;
    }
    write(at);
    for (std::size_t l = rows; l > 0 && at[l - 1] == of.staged[l - 1]; --l) {
      std::copy_n(of.staged[l - 1], of.count[l - 1], base + to.flat(of.row(l - 1)));
    }
  }
  // The last columns first, and in each the first rows first: whatever lies beyond a row is written later.
  template <class Columns, class View>
  DYNAMICPO_INLINE void store_in_line(const Columns& from, const View& to) const {
    const std::size_t panels = of.panels();
    auto next = of.template rejected_after<lines_of_panel>(to, panels);
    write_in_line(
        to, panels * panel_size, [&](T* const(&at)[rows]) __attribute__((always_inline)) {
          for (std::size_t p = panels; p > 0; --p) {
            const std::size_t k = (p - 1) * panel_size;
            next.ask_for_next();
            store_panel(from, k, scattered<T>{at, k});
          }
        });
  }
  /// Where each row is, and a bit for each number that it has; none, if it is apart.
  template <class View>
  struct own_rows {
    T* base;
    index room[rows];
    const index* place;
    std::uint64_t room_for_bits[rows];
    const std::uint64_t* bits;

    DYNAMICPO_INLINE own_rows(const tile<V>& of, const View& to)
        : base{to.rejected_matrix().data}, place{of.places_in(to, room)}, bits{of.own} {
      if (!any(of.apart)) { return; }
      for (std::size_t l = 0; l < rows; ++l) { room_for_bits[l] = of.apart[l] != 0 ? 0 : of.own[l]; }
      bits = room_for_bits;
    }
    DYNAMICPO_INLINE placed_some<T> from(std::size_t k) const { return {{base, place, k}, bits}; }
  };
  template <class Columns, class View>
  DYNAMICPO_INLINE void store_present(const Columns& from, const View& to) const {
    constexpr std::size_t square = panel<V>::square;
    const own_rows<View> own(of, to);
    auto next = of.template rejected_after<lines_of_panel>(to, of.panels());
    std::size_t k = 0;
    for (; k + square / 2 < of.columns; k += square) {
      V some[square];
      unrolled<square>([&](auto q) __attribute__((always_inline)) { some[q] = from(k + q); });
      unrolled<square / panel_size>([&](auto) __attribute__((always_inline)) { next.ask_for_next(); });
      panel<V>::store_square(some, own.from(k));
    }
    for (; k < of.columns; k += panel_size) {
      next.ask_for_next();
      store_panel(from, k, own.from(k));
    }
  }
  template <class Columns, class View>
  DYNAMICPO_INLINE void store_any_rows(
      const Columns& from, const View& to,
      const scores<const typename View::value_type, typename View::space_type>& policy) const {
    T* at[rows];
    for (std::size_t l = 0; l < rows; ++l) { at[l] = of.staged[l]; }
    auto next = of.template rejected_after<lines_of_panel>(to, of.panels());
    for (std::size_t k = 0; k < of.columns; k += panel_size) {
      next.ask_for_next();
      store_panel(from, k, scattered<T>{at, k});
    }
    alignas(64) bits_of<T> elsewhere[rows];
    of.apart.store(elsewhere);
    const bool plain = to.rejected_matrix().column_stride == 1 && !policy.length_normalised();
    for (std::size_t l = 0; l < of.used; ++l) {
      if (elsewhere[l] != 0) { continue; }
      if constexpr (std::is_same_v<typename View::value_type, T>) {
        if (plain) {
          if (of.count[l] > 0) {
            copy_row(of.staged[l], &to.rejected(of.row(l), 0), static_cast<std::size_t>(of.count[l]));
          }
          continue;
        }
      }
      for (index k = 0; k < of.count[l]; ++k) {
        to.rejected(of.row(l), k) =
            static_cast<typename View::value_type>(per_token(of.staged[l][k], policy.rejected_length(of.row(l), k)));
      }
    }
  }
};

}  // namespace dynamicpo::inline v1::detail
