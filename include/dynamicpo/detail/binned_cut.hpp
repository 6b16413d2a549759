// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <span>

#include "dynamicpo/detail/certain_cut.hpp"
#include "dynamicpo/detail/cut_search.hpp"
#include "dynamicpo/detail/few_sorted.hpp"
#include "dynamicpo/detail/lanes.hpp"

/// The top cluster of an exact one-dimensional 3-means of many values, without sorting them: their sums over cells of
/// equal width tell where the cuts can lie, and only the values there are sorted.
namespace dynamicpo::inline v1::detail {

/// Up to here sorting is as fast.
inline constexpr std::size_t binned_above = 127;

/// Room to work in: at least one entry more than there are values in each.
template <class T>
struct binned_room {
  std::span<T> values;
  std::span<double> least, most, count, sum;
  std::span<std::int32_t> tick;
  std::span<std::uint64_t> cell;
};

/// Values are measured in ticks, 2^31 from the least to the greatest, and counted from the middle. Sums of whole ticks
/// are exact; each value stands in them for the middle of its tick.
template <std::floating_point T>
class binned_cut {
 public:
  DYNAMICPO_INLINE binned_cut(std::span<const T> values, const binned_room<T>& room) : values_{values}, room_{room} {}

  /// Least value of the top cluster; nothing when this way cannot tell.
  DYNAMICPO_INLINE std::optional<T> least() {
    if (!measure()) { return least_; }
    sum_cells();
    cut_box box{0, cells_, 0, cells_};
    const double all = static_cast<double>(values_.size());
    const value_groups groups = as_groups(room_.least.data() + 1, cells_, 1 / width());
    if (!find_optima(groups, box, 16 + all / 64) || box.values(groups) > all / 2) { return std::nullopt; }
    gather(box);
    return among_gathered();
  }

 private:
  static constexpr double half_range = 0x1p30, tick_error = 0.51;
  static constexpr double tolerance = 8.0 * 64.0 * std::numeric_limits<double>::epsilon();

  double width() const { return static_cast<double>(std::uint64_t{1} << shift_); }
  DYNAMICPO_INLINE double ticks(T value) const { return (static_cast<double>(value) - origin_) * scale_; }

  // A partition within `tolerance` of the least cost misses Lloyd's condition by no more than tolerance n^(3/2) of an
  // eighth of the range: what it loses against moving one value, and its means are n^(-1/2) of a cluster apart.
  DYNAMICPO_INLINE double slack() const {
    const double all = static_cast<double>(values_.size());
    return 2 + tolerance * all * std::sqrt(all) * half_range;
  }

  // Ticks of all values; false when there is nothing to measure by, and least_ says what that means.
  DYNAMICPO_INLINE bool measure() {
    const auto [least, most] = extremes(values_);
    origin_ = static_cast<double>(least);
    const double range = static_cast<double>(most) - origin_;
    if (range == 0) {
      least_ = least;
      return false;
    }
    if (!(range > 1e-290 && range <= std::numeric_limits<double>::max())) { return false; }
    scale_ = 2147483646.0 / range;
    for (std::size_t i = 0; i < values_.size(); ++i) {
      room_.tick[i] = static_cast<std::int32_t>((static_cast<double>(values_[i]) - origin_) * scale_);
    }
    return true;
  }

  // Number and sum of the values before each cell. Both are added up in one integer, for 2^16 values at a time.
  DYNAMICPO_INLINE void sum_cells() {
    const std::size_t size = values_.size();
    constexpr std::size_t most_cells = 4096, run = std::size_t{1} << 16;
    constexpr int sum_bits = 47;
    cells_ = std::min(most_cells, std::bit_floor(size / 4) + (size < 4));
    shift_ = 31 - static_cast<int>(std::bit_width(cells_ - 1));
    const auto cell = room_.cell.first(cells_);
    const auto count = room_.count.first(cells_ + 1), sum = room_.sum.first(cells_ + 1);
    for (std::size_t k = 0; k <= cells_; ++k) {
      count[k] = sum[k] = 0;
      room_.least[k] = static_cast<double>(k) * width() - half_range;
    }
    for (std::size_t begin = 0; begin < size; begin += run) {
      std::fill(cell.begin(), cell.end(), 0);
      const std::size_t end = std::min(size, begin + run);
      for (std::size_t i = begin; i < end; ++i) {
        const auto tick = static_cast<std::uint32_t>(room_.tick[i]);
        cell[tick >> shift_] += tick + (std::uint64_t{1} << sum_bits);
      }
      double counted = 0, summed = 0;
      for (std::size_t k = 0; k < cells_; ++k) {
        const double inside = static_cast<double>(static_cast<std::int64_t>(cell[k] >> sum_bits));
        const double ticks = static_cast<double>(static_cast<std::int64_t>(cell[k] & ((std::uint64_t{1} << sum_bits) - 1)));
        counted += inside;
        summed += ticks + (0.5 - half_range) * inside;
        count[k + 1] += counted;
        sum[k + 1] += summed;
      }
    }
  }

  // The values where the cuts can lie, sorted and whole over duplicates, and what lies below, between and above them.
  DYNAMICPO_INLINE void gather(const cut_box& box) {
    const bool apart = box.low_last <= box.high_first;
    const std::size_t edges[4] = {box.low_first, apart ? box.low_last : box.high_last,
                                  apart ? box.high_first : box.high_last, box.high_last};
    double count[4], sum[4];
    for (int k = 0; k < 4; ++k) {
      count[k] = room_.count[edges[k]];
      sum[k] = room_.sum[edges[k]];
    }
    const double all = room_.count[cells_], total = room_.sum[cells_], top = room_.least[cells_];
    const auto tick_at = [&](std::size_t edge) { return static_cast<std::uint32_t>(edge) << shift_; };
    const std::uint32_t low = tick_at(edges[0]), low_width = tick_at(edges[1]) - low;
    const std::uint32_t high = tick_at(edges[2]), high_width = tick_at(edges[3]) - high;
    const std::size_t gathered = gather(low, low_width, high, high_width);
    sort_few(room_.values.first(gathered));
    const double edge[4] = {static_cast<double>(low) - half_range, static_cast<double>(low + low_width) - half_range,
                            static_cast<double>(high) - half_range, top};
    above_ = high + high_width;

    gathered_ = gathered;
    skipped_ = static_cast<std::size_t>(count[0] + (count[2] - count[1]));
    groups_ = 0;
    room_.count[0] = room_.sum[0] = 0;
    if (count[0] > 0) { add(-half_range, edge[0], count[0], sum[0]); }
    box_.low_first = std::max<std::size_t>(groups_, 1);
    const auto below = static_cast<std::size_t>(count[1] - count[0]);
    add(room_.values.first(below));
    box_.low_last = groups_;
    if (count[2] > count[1]) { add(edge[1], edge[2], count[2] - count[1], sum[2] - sum[1]); }
    box_.high_first = apart ? groups_ : box_.low_first;
    add(room_.values.subspan(below, gathered - below));
    box_.high_last = groups_;
    if (all > count[3]) { add(edge[3], top, all - count[3], total - sum[3]); }
    box_.high_last = std::min(box_.high_last, groups_ - 1);
    box_.low_last = std::min(box_.low_last, box_.high_last);
  }

  // Moves the values of two ranges of ticks to the front of room_.values; their number.
  DYNAMICPO_INLINE std::size_t gather(std::uint32_t low, std::uint32_t low_width, std::uint32_t high,
                                      std::uint32_t high_width) {
    using ticks_at_once = lanes<std::int32_t, 32, 32>;
    std::array<std::int32_t, 32> lane_bit;
    for (std::uint32_t i = 0; i < 32; ++i) { lane_bit[i] = static_cast<std::int32_t>(std::uint32_t{1} << i); }
    const auto bits = ticks_at_once::load(lane_bit.data());
    // A range is what lies above the tick before it and not above its last.
    const auto all_of = [](std::uint32_t tick) { return ticks_at_once(static_cast<std::int32_t>(tick)); };
    const auto low_before = all_of(low - 1), low_last = all_of(low + low_width - 1);
    const auto high_before = all_of(high - 1), high_last = all_of(high + high_width - 1);
    std::size_t gathered = 0, i = 0;
    for (; i + 32 <= values_.size(); i += 32) {
      const auto tick = ticks_at_once::load(room_.tick.data() + i);
      const auto inside = ((low_before < tick) & ~(low_last < tick)) | ((high_before < tick) & ~(high_last < tick));
      const auto found = inside & bits;
      auto any_part = found.part[0];
      for (std::size_t part = 1; part < ticks_at_once::parts; ++part) { any_part |= found.part[part]; }
      std::uint64_t words[4];
      static_assert(sizeof(words) == sizeof(any_part));
      std::memcpy(words, &any_part, sizeof(words));
      const std::uint64_t word = (words[0] | words[1]) | (words[2] | words[3]);
      for (auto mask = static_cast<std::uint32_t>(word | word >> 32); mask != 0; mask &= mask - 1) {
        room_.values[gathered++] = values_[i + static_cast<std::size_t>(std::countr_zero(mask))];
      }
    }
    for (; i < values_.size(); ++i) {
      const auto tick = static_cast<std::uint32_t>(room_.tick[i]);
      if (tick - low < low_width || tick - high < high_width) { room_.values[gathered++] = values_[i]; }
    }
    return gathered;
  }

  DYNAMICPO_INLINE void add(double least, double most, double count, double sum) {
    room_.least[groups_] = least;
    room_.most[groups_] = most;
    ++groups_;
    room_.count[groups_] = room_.count[groups_ - 1] + count;
    room_.sum[groups_] = room_.sum[groups_ - 1] + sum;
  }
  // One group for each distinct value of sorted ones.
  DYNAMICPO_INLINE void add(std::span<const T> sorted) {
    for (std::size_t i = 0; i < sorted.size();) {
      const T value = sorted[i];
      const std::size_t first = i;
      while (++i < sorted.size() && sorted[i] == value) {}
      const double place = ticks(value) - half_range, copies = static_cast<double>(i - first);
      add(place, place, copies, copies * place);
    }
  }

  DYNAMICPO_INLINE std::optional<T> among_gathered() {
    const value_groups groups = as_groups(room_.most.data(), groups_, 0);
    if (groups_ < 3 || !find_optima(groups, box_, 4)) { return std::nullopt; }
    const auto cut = certain_cut(groups, box_, tick_error, tolerance);
    if (!cut) { return std::nullopt; }
    const std::size_t place = static_cast<std::size_t>(room_.count[*cut]) - skipped_;
    if (place < gathered_) { return room_.values[place]; }
    return least_above();
  }

  // Of the values past the last gathered.
  DYNAMICPO_INLINE T least_above() const {
    T least = std::numeric_limits<T>::max();
    for (std::size_t i = 0; i < values_.size(); ++i) {
      least = static_cast<std::uint32_t>(room_.tick[i]) < above_ ? least : std::min(least, values_[i]);
    }
    return least;
  }

  DYNAMICPO_INLINE value_groups as_groups(const double* most, std::size_t size, double per_width) const {
    const double all = static_cast<double>(values_.size());
    return {room_.least.data(), most,    room_.count.data(),   room_.sum.data(),
            size,               slack(), 8 * all * half_range, per_width};
  }

  std::span<const T> values_;
  binned_room<T> room_;
  double origin_ = 0, scale_ = 0;
  std::optional<T> least_;
  std::size_t cells_ = 0, groups_ = 0, gathered_ = 0, skipped_ = 0;
  int shift_ = 0;
  std::uint32_t above_ = 0;
  cut_box box_{};
};

}  // namespace dynamicpo::inline v1::detail
