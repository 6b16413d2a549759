// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>

#include "dynamicpo/detail/certain_cut.hpp"
#include "dynamicpo/detail/cut_search.hpp"
#include "dynamicpo/detail/few_sorted.hpp"
#include "dynamicpo/detail/kmeans_1d.hpp"
#include "dynamicpo/detail/lanes.hpp"
#include "dynamicpo/detail/slot_list.hpp"

/// The top cluster of an exact one-dimensional 3-means of many values, without sorting them: their sums over cells
/// of equal width tell where the cuts can lie, and only the values there are sorted.
///
/// Values are measured in ticks, 2^31 from the least to the greatest. Sums of whole ticks are exact; in them, each
/// value stands for the middle of its tick.
namespace dynamicpo::inline v1::detail {

/// Up to here sorting is as fast.
inline constexpr std::size_t binned_above = 64;

inline constexpr int tick_bits = 31;

/// A partition within `tie` of the least cost misses Lloyd's condition by no more than tie n^(3/2) of a quarter of the
/// range: it would gain too much by moving one value, and two of its means are at least n^(-1/2) of half a cluster
/// apart.
DYNAMICPO_INLINE double tick_slack(std::size_t values, double tie) {
  const double n = static_cast<double>(values);
  return 2 + tie * n * std::sqrt(n) * 0x1p29;
}

/// Number and sum of ticks in one integer, for up to 2^16 values. Not set by default: room for all cells there may be
/// would be cleared for every row.
struct packed_ticks {
  static constexpr int sum_bits = 47;
  std::uint64_t bits;

  DYNAMICPO_INLINE void add(std::uint32_t tick) { bits += tick + (std::uint64_t{1} << sum_bits); }
  DYNAMICPO_INLINE packed_ticks& operator+=(const packed_ticks& more) {
    bits += more.bits;
    return *this;
  }
  /// Of the values that the second counts and the first does not.
  DYNAMICPO_INLINE friend tally between(const packed_ticks& from, const packed_ticks& to) {
    const std::uint64_t inside = to.bits - from.bits, sum = inside & ((std::uint64_t{1} << sum_bits) - 1);
    const double count = static_cast<double>(static_cast<std::int64_t>(inside >> sum_bits));
    return {count, static_cast<double>(static_cast<std::int64_t>(sum)) + 0.5 * count};
  }
};

/// The same in two, for more values.
struct wide_ticks {
  std::int64_t count, sum;

  DYNAMICPO_INLINE void add(std::uint32_t tick) {
    ++count;
    sum += tick;
  }
  DYNAMICPO_INLINE wide_ticks& operator+=(const wide_ticks& more) {
    count += more.count;
    sum += more.sum;
    return *this;
  }
  DYNAMICPO_INLINE friend tally between(const wide_ticks& from, const wide_ticks& to) {
    const double inside = static_cast<double>(to.count - from.count);
    return {inside, static_cast<double>(to.sum - from.sum) + 0.5 * inside};
  }
};

/// Cells of equal width, from 0 on; the sums of all values before each, and one more.
template <class Sums>
class tick_cells {
 public:
  DYNAMICPO_INLINE tick_cells(std::span<const Sums> before, int shift, double cut_slack)
      : before_{before}, cut_slack_{cut_slack}, width_{static_cast<double>(std::uint64_t{1} << shift)}, shift_{shift} {}

  std::size_t size() const { return before_.size() - 1; }
  double least(std::size_t cell) const { return static_cast<double>(static_cast<std::int64_t>(cell)) * width_; }
  double most(std::size_t cell) const { return least(cell + 1); }
  DYNAMICPO_INLINE tally over(std::size_t begin, std::size_t end) const {
    return between(before_[begin], before_[end]);
  }
  double cut_slack() const { return cut_slack_; }
  double gain_slack() const { return 16 * over(0, size()).count * 0x1p31; }
  DYNAMICPO_INLINE std::size_t first_reaching(double value, std::size_t begin, std::size_t end) const {
    return std::clamp(cell_of(value), begin, end);
  }
  DYNAMICPO_INLINE std::size_t last_reaching(double value, std::size_t begin, std::size_t end) const {
    return std::clamp(cell_of(value) + 1, begin, end);
  }
  std::uint32_t first_tick(std::size_t cell) const { return static_cast<std::uint32_t>(cell) << shift_; }

 private:
  static std::size_t whole(double value) { return static_cast<std::size_t>(static_cast<std::int64_t>(value)); }
  std::size_t cell_of(double value) const { return whole(std::max(0.0, value)) >> shift_; }

  std::span<const Sums> before_;
  double cut_slack_, width_;
  int shift_;
};

/// Groups one by one, in caller's memory: distinct values, and all that lies between two bounds.
class listed_groups {
 public:
  DYNAMICPO_INLINE listed_groups(std::span<double> least, std::span<double> most, std::span<double> count,
                                 std::span<double> sum, double cut_slack)
      : least_{least}, most_{most}, count_{count}, sum_{sum}, cut_slack_{cut_slack} {
    count_[0] = sum_[0] = 0;
  }

  DYNAMICPO_INLINE void add(double least, double most, const tally& values) {
    least_[size_] = least;
    most_[size_] = most;
    ++size_;
    count_[size_] = count_[size_ - 1] + values.count;
    sum_[size_] = sum_[size_ - 1] + values.sum;
  }

  /// So many values, each alone in its group, at place(0), place(1), ..
  template <class Place>
  DYNAMICPO_INLINE void add_each(std::size_t values, const Place& place) {
    double *const least = &least_[size_], *const most = &most_[size_];
    for (std::size_t i = 0; i < values; ++i) { least[i] = most[i] = place(i); }
    double count = count_[size_], sum = sum_[size_];
    for (std::size_t i = 0; i < values; ++i) {
      count_[size_ + 1] = count += 1;
      sum_[size_ + 1] = sum += least_[size_];
      ++size_;
    }
  }

  std::size_t size() const { return size_; }
  double least(std::size_t group) const { return least_[group]; }
  double most(std::size_t group) const { return most_[group]; }
  DYNAMICPO_INLINE tally over(std::size_t begin, std::size_t end) const {
    return {count_[end] - count_[begin], sum_[end] - sum_[begin]};
  }
  double cut_slack() const { return cut_slack_; }
  double gain_slack() const { return 16 * over(0, size()).count * 0x1p31; }
  /// After the last group; what is looked at past it then lies above all values.
  DYNAMICPO_INLINE void close() {
    const std::size_t end = std::min(size_ + several::count, least_.size());
    for (std::size_t k = size_; k < end; ++k) { least_[k] = most_[k] = std::numeric_limits<double>::infinity(); }
  }
  // Several groups at a time: a cut moves by a few, and no processor foresees by how many.
  DYNAMICPO_INLINE std::size_t first_reaching(double value, std::size_t begin, std::size_t end) const {
    const several bound = broadcast<several>(value);
    for (std::size_t at = begin; at + several::count <= most_.size();) {
      const std::size_t below = number_of(several::load(&most_[at]) < bound);
      at += below;
      if (at >= end) { return std::max(begin, end); }
      if (below < several::count) { return at; }
    }
    while (begin < end && most_[begin] < value) { ++begin; }
    return begin;
  }
  DYNAMICPO_INLINE std::size_t last_reaching(double value, std::size_t begin, std::size_t end) const {
    const several bound = broadcast<several>(value);
    for (std::size_t at = std::max(end, several::count); at <= least_.size();) {
      const std::size_t above = number_of(bound < several::load(&least_[at - several::count]));
      at -= above;
      if (above < several::count || at <= begin) { return std::min(std::max(begin, at), end); }
      if (at < several::count) { break; }
    }
    while (begin < end && value < least_[end - 1]) { --end; }
    return end;
  }

 private:
  using several = lanes<double, 8, 32>;
  DYNAMICPO_INLINE static std::size_t number_of(const several::truth& found) {
    return static_cast<std::size_t>(-sum_of_lanes(found));
  }

  std::span<double> least_, most_, count_, sum_;
  double cut_slack_;
  std::size_t size_ = 0;
};

/// Room to work in: at least one entry more than there are values in each.
template <class T>
struct binned_room {
  std::span<T> values;
  std::span<double> least, most, count, sum;
  std::span<std::int32_t> tick;
};

/// Least value of the top cluster, where this way can tell.
template <std::floating_point T>
class binned_cut {
 public:
  DYNAMICPO_INLINE binned_cut(std::span<const T> values, const binned_room<T>& room) : values_{values}, room_{room} {}

  DYNAMICPO_INLINE std::optional<T> least() {
    const auto [least, most] = extremes(values_);
    origin_ = static_cast<double>(least);
    const double range = static_cast<double>(most) - origin_;
    if (range == 0) { return least; }
    if (!(range > 1e-290 && range <= std::numeric_limits<double>::max())) { return std::nullopt; }
    scale_ = 2147483646.0 / range;
    for (std::size_t i = 0; i < values_.size(); ++i) { room_.tick[i] = static_cast<std::int32_t>(ticks(values_[i])); }
    return values_.size() <= std::size_t{1} << 16 ? among<packed_ticks>() : among_wide();
  }

 private:
  static constexpr double tick_error = 0.51;

  DYNAMICPO_INLINE double ticks(T value) const { return (static_cast<double>(value) - origin_) * scale_; }

  template <class Sums>
  DYNAMICPO_INLINE std::optional<T> among() {
    const std::size_t size = values_.size();
    const int cell_bits = std::clamp(static_cast<int>(std::bit_width(size)) - 1, 8, 11);
    std::array<Sums, (std::size_t{1} << 11) + 1> room;
    const auto before = std::span(room).first((std::size_t{1} << cell_bits) + 1);
    const int shift = tick_bits - cell_bits;
    std::fill(before.begin(), before.end(), Sums{});
    const auto count = [&](std::size_t i) {
      const auto tick = static_cast<std::uint32_t>(room_.tick[i]);
      before[(tick >> shift) + 1].add(tick);
    };
    std::size_t i = 0;
    for (; i + 4 <= size; i += 4) {
      unrolled<4>([&](auto next) { count(i + next); });
    }
    for (; i < size; ++i) { count(i); }
    Sums all_before{};
    for (std::size_t k = 1; k < before.size(); k += 4) {
      unrolled<4>([&](auto next) { before[k + next] = all_before += before[k + next]; });
    }

    const tick_cells<Sums> cells{std::span<const Sums>(before), shift, tick_slack(size, tie_tolerance_of_wide)};
    cut_box box{0, cells.size(), 0, cells.size()};
    const double all = static_cast<double>(size);
    constexpr double few = 96;  // to sort so many takes less time than to halve the box once more
    if (!find_optima(cells, box, std::max(few, 32 + all / 64))) { return std::nullopt; }
    if (box.values(cells) > std::max(all / 2, 128.0)) { return std::nullopt; }
    return inside(cells, box);
  }

  [[gnu::noinline]] std::optional<T> among_wide() { return among<wide_ticks>(); }

  // The values in the box, sorted and whole over duplicates, beside what lies below, between and above them.
  template <class Sums>
  DYNAMICPO_INLINE std::optional<T> inside(const tick_cells<Sums>& cells, const cut_box& box) {
    const bool apart = box.low_last <= box.high_first;
    const std::size_t low = box.low_first, low_end = apart ? box.low_last : box.high_last;
    const std::size_t high = apart ? box.high_first : box.high_last, high_end = box.high_last, end = cells.size();
    const std::size_t gathered =
        gather(cells.first_tick(low), cells.first_tick(low_end), cells.first_tick(high), cells.first_tick(high_end));
    const auto sorted = room_.values.first(gathered);
    sort_few(sorted);

    listed_groups groups{room_.least, room_.most, room_.count, room_.sum, cells.cut_slack()};
    const auto rest = [&](std::size_t first, std::size_t last) {
      const tally values = cells.over(first, last);
      if (values.count > 0) { groups.add(cells.least(first), cells.least(last), values); }
      return static_cast<std::size_t>(values.count);
    };
    const auto distinct = [&](std::span<const T> of) {
      if (!any_repeats(of)) {
        groups.add_each(of.size(), [&](std::size_t i) { return ticks(of[i]); });
        return groups.size();
      }
      for (std::size_t i = 0; i < of.size();) {
        const std::size_t first = i;
        while (++i < of.size() && of[i] == of[first]) {}
        const double place = ticks(of[first]), copies = static_cast<double>(static_cast<std::int64_t>(i - first));
        groups.add(place, place, {copies, copies * place});
      }
      return groups.size();
    };
    const auto lower = static_cast<std::size_t>(cells.over(low, low_end).count);
    std::size_t left_out = rest(0, low);
    cut_box among;
    among.low_first = std::max<std::size_t>(groups.size(), 1);
    among.low_last = distinct(sorted.first(lower));
    left_out += rest(low_end, high);
    among.high_first = apart ? groups.size() : among.low_first;
    among.high_last = distinct(sorted.subspan(lower));
    rest(high_end, end);
    groups.close();
    if (groups.size() < 3) { return std::nullopt; }
    among.high_last = std::min(among.high_last, groups.size() - 1);
    among.low_last = std::min(among.low_last, among.high_last);

    if (!find_optima(groups, among, 48)) { return std::nullopt; }
    const auto cut = certain_cut(groups, among, tick_error, tie_tolerance_of_wide);
    if (!cut) { return std::nullopt; }
    const std::size_t place = static_cast<std::size_t>(groups.over(0, *cut).count) - left_out;
    return place < gathered ? sorted[place] : least_from(cells.first_tick(high_end));
  }

  // Moves the values of two ranges of ticks to the front of room_.values; their number.
  DYNAMICPO_INLINE std::size_t gather(std::uint32_t low, std::uint32_t low_end, std::uint32_t high,
                                      std::uint32_t high_end) {
    using many_ticks = lanes<std::int32_t, 32, 32>;
    // A range is what lies above the tick before it and not above its last: numbers that fit, whatever the range.
    const auto before = [](std::uint32_t tick) { return many_ticks(static_cast<std::int32_t>(tick - 1)); };
    const auto before_low = before(low), last_low = before(low_end);
    const auto before_high = before(high), last_high = before(high_end);
    std::size_t gathered = 0, i = 0;
    for (; i + 32 <= values_.size(); i += 32) {
      const auto tick = many_ticks::load(room_.tick.data() + i);
      const auto found = ((before_low < tick) & ~(last_low < tick)) | ((before_high < tick) & ~(last_high < tick));
      std::uint32_t mask = bits_of_lanes(found);
      const auto number = static_cast<std::size_t>(std::popcount(mask));
      // So many in any case, those that are not found to be written over: no processor foresees how many there are.
      T* const to = &room_.values[gathered];
      unrolled<4>([&](auto n) __attribute__((always_inline)) {
        to[n] = values_[i + static_cast<std::size_t>(std::countr_zero(mask | std::uint32_t{1} << 31))];
        mask &= mask - 1;
      });
      for (std::size_t n = 4; n < number; ++n) {
        to[n] = values_[i + static_cast<std::size_t>(std::countr_zero(mask))];
        mask &= mask - 1;
      }
      gathered += number;
    }
    for (; i < values_.size(); ++i) {
      const auto tick = static_cast<std::uint32_t>(room_.tick[i]);
      if (tick - low < low_end - low || tick - high < high_end - high) { room_.values[gathered++] = values_[i]; }
    }
    return gathered;
  }

  // The least value of at least that many ticks.
  DYNAMICPO_INLINE T least_from(std::uint32_t first) const {
    using pack = lanes<T, 128 / sizeof(T), 32>;
    using ticks_of = typename pack::template of<std::int32_t>;
    const T none = std::numeric_limits<T>::max();
    const auto before = static_cast<std::int32_t>(first - 1);
    std::size_t i = 0;
    T least = none;
    if (values_.size() >= pack::count) {
      pack low(none);
      for (; i + pack::count <= values_.size(); i += pack::count) {
        const typename pack::truth counts(ticks_of(before) < ticks_of::load(room_.tick.data() + i));
        const pack value = pack::load(values_.data() + i);
        low = where(counts & (value < low), value, low);
      }
      for (std::size_t lane = 0; lane < pack::count; ++lane) { least = std::min(least, low[lane]); }
    }
    for (; i < values_.size(); ++i) {
      if (before < room_.tick[i]) { least = std::min(least, values_[i]); }
    }
    return least;
  }

  std::span<const T> values_;
  binned_room<T> room_;
  double origin_ = 0, scale_ = 0;
};

}  // namespace dynamicpo::inline v1::detail
