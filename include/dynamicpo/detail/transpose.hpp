// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "dynamicpo/detail/lanes.hpp"
#include "dynamicpo/detail/some_lanes.hpp"

/// Rows of memory to lanes and back: a panel is as many columns as numbers fit 16 bytes. Each 16-byte block of a vector
/// is transposed on its own, so that no shuffle crosses blocks; loads and stores put the rows in place.
namespace dynamicpo::inline v1::detail {

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpsabi"

template <class V>
inline constexpr std::size_t panel_columns = 16 / sizeof(typename V::element);

/// Where a panel's rows begin: at equal distances, or anywhere.
template <class T>
struct spaced {
  T* base;
  std::ptrdiff_t stride;
  DYNAMICPO_INLINE T* operator[](std::size_t row) const { return base + static_cast<std::ptrdiff_t>(row) * stride; }
};
template <class T>
struct scattered {
  T* const* rows;
  std::size_t at;
  DYNAMICPO_INLINE T* operator[](std::size_t row) const { return rows[row] + at; }
};

/// At so many from `base` each, and further by `at`.
template <class T>
struct placed {
  T* base;
  const std::ptrdiff_t* place;
  std::size_t at = 0;
  DYNAMICPO_INLINE T* operator[](std::size_t row) const { return base + place[row] + at; }
};
/// The same to write to: of each row those numbers that have a bit, from bit `at` on.
template <class T>
struct placed_some : placed<T> {
  const std::uint64_t* bits;
};

#if defined(__CUDACC__)
template <class V>
struct panel;  // nvcc cannot pass on the shuffles; no row lies in lanes under it (detail/lane_select.hpp)
#else
template <class V>
struct panel {
  using T = typename V::element;
  using vector = typename V::vector;
  static constexpr std::size_t columns = panel_columns<V>;
  static constexpr std::size_t blocks = V::per_part / columns;
  typedef T block __attribute__((vector_size(16)));  // NOLINT(modernize-use-using)

  /// to[q], q < columns: lane l is rows[l][q].
  template <class Rows>
  DYNAMICPO_INLINE static void load(const Rows& rows, V* to) {
    unrolled<V::parts>([&](auto p) __attribute__((always_inline)) {
      vector row[columns];
      gather<p>(rows, row);
      transpose(row);
      unrolled<columns>([&](auto q) __attribute__((always_inline)) { to[q].part[p] = row[q]; });
    });
  }

  /// to[q]: lane l is rows[l][q] - other[l][q].
  template <class Rows>
  DYNAMICPO_INLINE static void load_difference(const Rows& rows, const Rows& other, V* to) {
    unrolled<V::parts>([&](auto p) __attribute__((always_inline)) {
      vector row[columns], taken[columns];
      gather<p>(rows, row);
      gather<p>(other, taken);
      unrolled<columns>([&](auto r) __attribute__((always_inline)) { row[r] = row[r] - taken[r]; });
      transpose(row);
      unrolled<columns>([&](auto q) __attribute__((always_inline)) { to[q].part[p] = row[q]; });
    });
  }

  /// A square is as many columns as a part has rows: nothing is joined as it is loaded, and so each number of a second
  /// array costs no more than its subtraction. It takes registers of two blocks or four.
  static constexpr bool has_squares = blocks == 4 || blocks == 2;
  static constexpr std::size_t square = V::per_part;

  /// As load, of a square. `pause()` comes once for each panel of it.
  template <class Rows, class Pause>
  DYNAMICPO_INLINE static void load_square(const Rows& rows, V* to, const Pause& pause) {
    load_square_of(
        [&](std::size_t l, vector & row) __attribute__((always_inline)) { load_from(rows[l], row); }, to, pause);
  }
  /// As load_difference, of a square.
  template <class Rows, class Pause>
  DYNAMICPO_INLINE static void load_square_difference(const Rows& rows, const Rows& other, V* to, const Pause& pause) {
    load_square_of(
        [&](std::size_t l, vector & row) __attribute__((always_inline)) {
          vector taken;
          load_from(rows[l], row);
          load_from(other[l], taken);
          row = row - taken;
        },
        to, pause);
  }

  /// As store, of a square.
  template <class Rows>
  DYNAMICPO_INLINE static void store_square(const V* from, const Rows& rows) {
    unrolled<V::parts>([&](auto p) __attribute__((always_inline)) {
      vector row[blocks][columns];
      unrolled<columns>([&](auto q) __attribute__((always_inline)) {
        vector column[blocks];
        unrolled<blocks>([&](auto b) __attribute__((always_inline)) { column[b] = from[b * columns + q].part[p]; });
        transpose_blocks(column);
        unrolled<blocks>([&](auto b) __attribute__((always_inline)) { row[b][q] = column[b]; });
      });
      unrolled<blocks>([&](auto b) __attribute__((always_inline)) {
        transpose(row[b]);
        unrolled<columns>([&](auto r) __attribute__((always_inline)) {
          store_row(rows, p * V::per_part + b * columns + r, row[b][r]);
        });
      });
    });
  }

  /// rows[l][q] = lane l of from[q], the first rows first.
  template <class Rows>
  DYNAMICPO_INLINE static void store(const V* from, const Rows& rows) {
    unrolled<V::parts>([&](auto p) __attribute__((always_inline)) {
      vector row[columns];
      unrolled<columns>([&](auto q) __attribute__((always_inline)) { row[q] = from[q].part[p]; });
      transpose(row);
      unrolled<blocks>([&](auto b) __attribute__((always_inline)) {
        unrolled<columns>([&](auto r) __attribute__((always_inline)) {
          split<b>(row[r], rows, p * V::per_part + b * columns + r);
        });
      });
    });
  }

 private:
  template <class Rows, class Some>
  DYNAMICPO_INLINE static void store_row(const Rows& rows, std::size_t l, const Some& from) {
    if constexpr (requires { rows.bits; }) {
      store_some(rows[l], rows.bits[l] >> rows.at, from);
    } else {
      store_to(rows[l], from);
    }
  }
  template <class Row, class Pause>
  DYNAMICPO_INLINE static void load_square_of(const Row& load_row, V* to, const Pause& pause) {
    unrolled<V::parts>([&](auto p) __attribute__((always_inline)) {
      vector column[columns][blocks];
      unrolled<blocks>([&](auto b) __attribute__((always_inline)) {
        if constexpr (p == 0) { pause(); }
        vector row[columns];
        unrolled<columns>([&](auto r)
                              __attribute__((always_inline)) { load_row(p * V::per_part + b * columns + r, row[r]); });
        transpose(row);
        unrolled<columns>([&](auto q) __attribute__((always_inline)) { column[q][b] = row[q]; });
      });
      unrolled<columns>([&](auto q) __attribute__((always_inline)) {
        transpose_blocks(column[q]);
        unrolled<blocks>([&](auto b) __attribute__((always_inline)) { to[b * columns + q].part[p] = column[q][b]; });
      });
    });
  }
  // Block b of the a-th becomes block a of the b-th.
  DYNAMICPO_INLINE static void transpose_blocks(vector (&row)[2]) {
    constexpr auto all = std::make_index_sequence<V::per_part>{};
    vector a, b;
    every_other_block<0>(row[0], row[1], a, all);
    every_other_block<1>(row[0], row[1], b, all);
    row[0] = a;
    row[1] = b;
  }
  DYNAMICPO_INLINE static void transpose_blocks(vector (&row)[4]) {
    constexpr auto all = std::make_index_sequence<V::per_part>{};
    vector a, b, c, d;
    every_other_block<0>(row[0], row[1], a, all);
    every_other_block<1>(row[0], row[1], b, all);
    every_other_block<0>(row[2], row[3], c, all);
    every_other_block<1>(row[2], row[3], d, all);
    every_other_block<0>(a, c, row[0], all);
    every_other_block<0>(b, d, row[1], all);
    every_other_block<1>(a, c, row[2], all);
    every_other_block<1>(b, d, row[3], all);
  }
  template <std::size_t First, std::size_t... I>
  DYNAMICPO_INLINE static void every_other_block(const vector& a, const vector& b, vector& to,
                                                 std::index_sequence<I...>) {
    to = __builtin_shufflevector(a, b, ((First + 2 * (I / columns)) * columns + I % columns)...);
  }

  // The panel's rows of part P, before they are transposed.
  template <std::size_t P, class Rows>
  DYNAMICPO_INLINE static void gather(const Rows& rows, vector (&row)[columns]) {
    unrolled<columns>([&](auto r) __attribute__((always_inline)) {
      block taken[blocks];
      unrolled<blocks>([&](auto b) __attribute__((always_inline)) {
        load_from(rows[P * V::per_part + b * columns + r], taken[b]);
      });
      join(taken, row[r]);
    });
  }
  DYNAMICPO_INLINE static void join(const block* taken, vector& whole) {
    if constexpr (blocks == 1) {
      whole = taken[0];
#if defined(__AVX512F__) && !defined(__clang__)
    } else if constexpr (blocks == 4) {
      // GCC would load each block on its own and join them by shuffles, which one port alone carries out.
      typedef float single __attribute__((vector_size(16)));  // NOLINT(modernize-use-using): an attribute
      typedef float all __attribute__((vector_size(64)));     // NOLINT(modernize-use-using)
      all joined = __builtin_ia32_ps512_ps(reinterpret_cast<single>(taken[0]));
      unrolled<3>([&](auto b) __attribute__((always_inline)) {
        joined = __builtin_ia32_insertf32x4_mask(joined, reinterpret_cast<single>(taken[b + 1]), b + 1, joined,
                                                 std::uint16_t{0xffff});
      });
      whole = reinterpret_cast<vector>(joined);
#endif
    } else if constexpr (blocks == 2) {
      concatenate(taken[0], taken[1], whole, std::make_index_sequence<V::per_part>{});
    } else {
      typedef T joined __attribute__((vector_size(32)));  // NOLINT(modernize-use-using)
      joined low, high;
      concatenate(taken[0], taken[1], low, std::make_index_sequence<V::per_part / 2>{});
      concatenate(taken[2], taken[3], high, std::make_index_sequence<V::per_part / 2>{});
      concatenate(low, high, whole, std::make_index_sequence<V::per_part>{});
    }
  }
  template <class From, class To, std::size_t... I>
  DYNAMICPO_INLINE static void concatenate(const From& low, const From& high, To& whole, std::index_sequence<I...>) {
    whole = __builtin_shufflevector(low, high, I...);
  }
  template <std::size_t B, class Rows>
  DYNAMICPO_INLINE static void split(const vector& whole, const Rows& rows, std::size_t l) {
    if constexpr (blocks == 1) {
      store_row(rows, l, whole);
    } else {
      take<B>(whole, rows, l, std::make_index_sequence<columns>{});
    }
  }
  template <std::size_t B, class Rows, std::size_t... I>
  DYNAMICPO_INLINE static void take(const vector& whole, const Rows& rows, std::size_t l, std::index_sequence<I...>) {
    const block taken = __builtin_shufflevector(whole, whole, (B * columns + I)...);
    store_row(rows, l, taken);
  }

  // Element i of the result is element Low of a's block (even i) or of b's (odd i), Low = first + i / 2 within a block.
  template <std::size_t First, std::size_t... I>
  DYNAMICPO_INLINE static void zip(const vector& a, const vector& b, vector& to, std::index_sequence<I...>) {
    to = __builtin_shufflevector(a, b,
                                 (I / columns * columns + First + I % columns / 2 + (I % 2 == 0 ? 0 : V::per_part))...);
  }
  template <std::size_t First, std::size_t... I>
  DYNAMICPO_INLINE static void zip_pairs(const vector& a, const vector& b, vector& to, std::index_sequence<I...>) {
    to = __builtin_shufflevector(a, b, (I / 4 * 4 + First + I % 2 + (I % 4 < 2 ? std::size_t{0} : V::per_part))...);
  }
  DYNAMICPO_INLINE static void transpose(vector (&row)[columns]) {
    constexpr auto all = std::make_index_sequence<V::per_part>{};
    if constexpr (columns == 2) {
      vector low, high;
      zip<0>(row[0], row[1], low, all);
      zip<1>(row[0], row[1], high, all);
      row[0] = low;
      row[1] = high;
    } else {
      vector a, b, c, d;
      zip<0>(row[0], row[1], a, all);
      zip<2>(row[0], row[1], b, all);
      zip<0>(row[2], row[3], c, all);
      zip<2>(row[2], row[3], d, all);
      zip_pairs<0>(a, c, row[0], all);
      zip_pairs<2>(a, c, row[1], all);
      zip_pairs<0>(b, d, row[2], all);
      zip_pairs<2>(b, d, row[3], all);
    }
  }
};
#endif

#pragma GCC diagnostic pop

}  // namespace dynamicpo::inline v1::detail
