// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "dynamicpo/detail/tile.hpp"
#include "dynamicpo/score/scores.hpp"

/// The tiles that a block of rows is cut into.

namespace dynamicpo::inline v1::detail {

/// Rows put in order at a time: few enough that their scores stay in the nearest cache.
inline constexpr index rows_in_order = 128;

/// Puts rows [first, first + order.size()) in the order of their lengths, shortest first, as distances from `first`;
/// rows of more than `longest` are as good as equal and come last. Returns how many are not longer.
template <std::size_t Longest, class T, class Space>
std::size_t order_by_length(const scores<T, Space>& rows, index first, std::span<std::int32_t> order) {
  std::size_t begin[Longest + 2] = {};
  const auto length = [&](std::size_t i) {
    return static_cast<std::size_t>(
        std::min<index>(rows.negatives(first + static_cast<index>(i)), static_cast<index>(Longest) + 1));
  };
  for (std::size_t i = 0; i < order.size(); ++i) { ++begin[length(i)]; }
  std::size_t place = 0;
  for (std::size_t& each : begin) {
    const std::size_t count = each;
    each = place;
    place += count;
  }
  const std::size_t fitting = begin[Longest + 1];
  for (std::size_t i = 0; i < order.size(); ++i) { order[begin[length(i)]++] = static_cast<std::int32_t>(i); }
  return fitting;
}

/// tile_work(now, next) for rows [first, end), a block, and long_work(row, left) for those that no tile takes: `left`
/// of them follow each other from `row` on, and it returns how many it saw through. Each tile is `next`, to be loaded,
/// and then `now`, to be seen through; either may be null, before the first and after the last. `Tile`: a tile, or what
/// adds to one. With `ByLength` ragged rows of a like length go side by side, so that few lanes wait for the longest:
/// worth it where a column costs more than reading rows out of turn. `order` has room for rows_in_order. With
/// `long_together` tiles take dense long rows as well, as many as fill them.
template <class Tile, bool ByLength, class T, class Space, class TileWork, class LongWork>
DYNAMICPO_INLINE void for_each_tile(const scores<T, Space>& rows, index first, index end, std::span<std::int32_t> order,
                                    bool long_together, const TileWork& tile_work, const LongWork& long_work) {
  const bool ordered = ByLength && rows.ragged();
  const auto is_long = [&](index row) { return rows.negatives(row) > static_cast<index>(tile_columns); };
  const bool all_long = !rows.ragged() && is_long(first);
  constexpr std::size_t count = Tile::rows;
  // Tiles of 8 to 16 columns take less time than memory does to answer; shorter ones need few lines.
  const bool is_quick = !rows.ragged() && index{8} <= rows.negatives(first) && rows.negatives(first) <= index{16};
  const std::size_t ahead = is_quick ? 2 : 1;
  Tile tiles[2];
  for (index from = first, to = first; from < end; from = to) {
    to = ordered ? std::min(end, from + rows_in_order) : end;
    const auto number = static_cast<std::size_t>(to - from);
    std::size_t fit = number;
    if (all_long) { fit = long_together ? number / count * count : 0; }
    if (ordered) { fit = order_by_length<tile_columns>(rows, from, order.first(number)); }
    for (std::size_t i = 0; fit > 0 && i < fit + count; i += count) {
      Tile& next = tiles[i / count % 2];
      if (i < fit) {
        const std::size_t used = std::min(fit - i, count);
        if (ordered) {
          next.take(order.subspan(i, used), from, end);
          next.come_after(to + static_cast<index>(i), rows.rows());
        } else {
          next.take(from + static_cast<index>(i), used, end);
          next.come_after(next.row(0) + static_cast<index>(ahead * count), rows.rows());
        }
      }
      tile_work(i > 0 ? &tiles[(i / count + 1) % 2] : nullptr, i < fit ? &next : nullptr);
    }
    for (std::size_t i = fit; i < number;) {
      i += static_cast<std::size_t>(ordered ? long_work(from + index{order[i]}, index{1})
                                            : long_work(from + static_cast<index>(i), static_cast<index>(number - i)));
    }
  }
}

}  // namespace dynamicpo::inline v1::detail
