// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dynamicpo/detail/philox_lanes.hpp"
#include "dynamicpo/detail/slot_draw.hpp"

/// The negatives of one row.
namespace dynamicpo::inline v1::detail {

/// The words of `Count` slots from one on, as their slot_stream gives them. The first four of each are made side by
/// side in registers of `Bytes`: they are most of what a draw costs.
template <std::size_t Count, std::size_t Bytes>
struct slot_words {
  sample::slot_stream stream;
  index first;
  std::uint32_t word[4][Count];

  DYNAMICPO_INLINE slot_words(const sample::slot_stream& from, index first_slot) : stream{from}, first{first_slot} {
    static_assert(sample::slot_stream::counter_of(1) == std::uint64_t{1} << 32);
    philox_blocks<Bytes>(0, static_cast<std::uint32_t>(first_slot), stream.number, stream.key, word);
  }
  DYNAMICPO_INLINE sample::philox_engine operator[](std::size_t i) const {
    return stream.words(first + static_cast<index>(i), {{word[0][i], word[1][i], word[2][i], word[3][i]}});
  }
};

/// Asks memory for what draws from these words will read, where a sampler says how.
template <class Sampler, std::size_t Count, std::size_t Bytes>
DYNAMICPO_INLINE void prefetch_draws(const Sampler& from, const slot_words<Count, Bytes>& words) {
  if constexpr (requires { from.prefetch(words[0]); }) {
    for (std::size_t i = 0; i < Count; ++i) { from.prefetch(words[i]); }
  }
}

/// found[i]: whether wanted[i] is in an ascending list. All searches take the same steps, side by side, and no branch
/// depends on an item. Returns whether any is.
template <std::size_t Count>
DYNAMICPO_INLINE bool in_ascending(std::span<const sample::item> list, const sample::item (&wanted)[Count],
                                   bool (&found)[Count]) {
  std::fill_n(found, Count, false);
  if (list.empty()) { return false; }
  std::size_t at[Count] = {};
  for (std::size_t left = list.size(); left > 1;) {
    const std::size_t half = left / 2;
    for (std::size_t i = 0; i < Count; ++i) {
      const std::size_t next = at[i] + half;
      at[i] = list[next] <= wanted[i] ? next : at[i];
    }
    left -= half;
  }
  unsigned any = 0;
  for (std::size_t i = 0; i < Count; ++i) {
    found[i] = list[at[i]] == wanted[i];
    any |= found[i] ? 1u : 0u;
  }
  return any != 0;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpsabi"
/// Items in as many registers as it takes.
typedef sample::item item_lanes __attribute__((vector_size(64)));  // NOLINT(modernize-use-using): an attribute
DYNAMICPO_INLINE bool any_lane(const item_lanes& found) {
  sample::item any = 0;
  for (std::size_t i = 0; i < 64 / sizeof(sample::item); ++i) { any |= found[i]; }
  return any != 0;
}

/// The items that a row has drawn so far, for rows without replacement.
class taken_items {
 public:
  static constexpr std::size_t group = 16;

  void clear(index most) {
    const std::size_t room = (static_cast<std::size_t>(most) + group - 1) / group * group;
    if (items_.size() < room) { items_.resize(room, none); }
    std::fill_n(items_.begin(), count_, none);
    count_ = 0;
  }
  void add(sample::item taken) { items_[count_++] = taken; }
  bool contains(sample::item wanted) const {
    unsigned found = 0;
    for (std::size_t i = 0; i < count_; i += group) {
      for (std::size_t lane = 0; lane < group; ++lane) { found |= items_[i + lane] == wanted ? 1u : 0u; }
    }
    return found != 0;
  }
  /// Whether it holds any of a group.
  DYNAMICPO_INLINE bool contains_any(const sample::item (&wanted)[group]) const {
    item_lanes found{};
    for (std::size_t i = 0; i < count_; i += group) {
      item_lanes held;
      load_from(items_.data() + i, held);
      for (const sample::item each : wanted) { found |= held == item_lanes{} + each; }
    }
    return any_lane(found);
  }

 private:
  static constexpr sample::item none = -1;  // up to a whole group
  std::vector<sample::item> items_;
  std::size_t count_ = 0;
};

/// Whether two of the first `count` items of a group are the same.
DYNAMICPO_INLINE bool any_twice(const sample::item (&items)[taken_items::group], std::size_t count) {
  constexpr std::size_t group = taken_items::group;
  sample::item twice[2 * group];
  for (std::size_t i = 0; i < group; ++i) {
    twice[i] = twice[i + group] = i < count ? items[i] : -1 - static_cast<sample::item>(i);
  }
  item_lanes found{}, all;
  load_from(twice, all);
  for (std::size_t shift = 1; shift <= group / 2; ++shift) {
    item_lanes shifted;
    load_from(twice + shift, shifted);
    found |= all == shifted;
  }
  return any_lane(found);
}
#pragma GCC diagnostic pop

/// One row's draws, worked out in registers of `Bytes`.
template <sample::sampler Sampler, std::size_t Bytes>
class row_draws {
 public:
  /// \param positives  ascending. \param taken  room, of no meaning before and after.
  row_draws(const Sampler& from, std::span<const sample::item> positives, bool replacement, taken_items& taken)
      : from_{from}, positives_{positives}, replacement_{replacement}, taken_{taken} {}

  using first_words = slot_words<taken_items::group, Bytes>;

  /// write(slot, candidate) for slots 0 .. slots - 1, in order; -1 when none is left. Returns how many there were.
  /// \param words  those of the row's slots from 0 on, of no meaning afterwards.
  template <class Write>
  DYNAMICPO_INLINE index draw(first_words words, index slots, sample::draw_counts& counts, const Write& write) {
    const sample::slot_stream stream = words.stream;
    if (!replacement_) { taken_.clear(slots); }
    index found = 0;
    for (index begin = 0; begin < slots; begin += static_cast<index>(group)) {
      const std::size_t count = std::min(group, static_cast<std::size_t>(slots - begin));
      // All first tries before any is looked at: they wait for memory together.
      if (begin > 0) {
        words = first_words(stream, begin);
        prefetch_draws(from_, words);
      }
      index tries[group];
      sample::item items[group];
      bool refused[group];
      for (std::size_t i = 0; i < group; ++i) {
        sample::philox_engine engine = words[i];
        tries[i] = from_.draw(engine);
        items[i] = from_.item_of(tries[i]);
      }
      bool any_refused = in_ascending(positives_, items, refused);
      any_refused = any_refused || (begin > 0 && !replacement_ && taken_.contains_any(items));
      if (!any_refused && found == begin && (replacement_ || !any_twice(items, count))) {
        for (std::size_t i = 0; i < count; ++i) {
          if (!replacement_ && slots > static_cast<index>(group)) { taken_.add(items[i]); }
          write(begin + static_cast<index>(i), tries[i]);
        }
        counts.accepted += static_cast<index>(count);
        found += static_cast<index>(count);
      } else {
        found = draw_one_by_one(stream, begin, tries, refused, count, found, counts, write);
      }
    }
    counts.drawn += found;
    counts.short_rows += found < slots ? 1 : 0;
    return found;
  }

 private:
  static constexpr std::size_t group = taken_items::group;

  /// \param refused  tries that are a positive. Returns how many were found so far.
  template <class Write>
  [[gnu::noinline]] index draw_one_by_one(const sample::slot_stream& stream, index begin, const index (&tries)[group],
                                          const bool (&refused)[group], std::size_t count, index found,
                                          sample::draw_counts& counts, const Write& write) {
    for (std::size_t i = 0; i < count; ++i) {
      const index slot = begin + static_cast<index>(i);
      index candidate = -1;
      if (found == slot) {  // else none was left before
        if (refused[i] || (!replacement_ && taken_.contains(from_.item_of(tries[i])))) {
          candidate = after_rejection(stream.words(slot), counts);
        } else {
          candidate = tries[i];
          ++counts.accepted;
        }
      }
      if (candidate >= 0) {
        ++found;
        if (!replacement_) { taken_.add(from_.item_of(candidate)); }
      }
      write(slot, candidate);
    }
    return found;
  }
  /// From the first words on, which give what was rejected.
  [[gnu::noinline]] index after_rejection(const sample::philox_engine& words, sample::draw_counts& counts) const {
    const auto excluded = [&](sample::item wanted) {
      return in_ascending(positives_.data(), static_cast<index>(positives_.size()), wanted) ||
             (!replacement_ && taken_.contains(wanted));
    };
    return draw_slot(from_, words, excluded, counts);
  }

  const Sampler& from_;
  std::span<const sample::item> positives_;
  bool replacement_;
  taken_items& taken_;
};

}  // namespace dynamicpo::inline v1::detail
