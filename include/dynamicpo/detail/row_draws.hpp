// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dynamicpo/detail/list_search.hpp"
#include "dynamicpo/detail/philox_lanes.hpp"
#include "dynamicpo/detail/slot_draw.hpp"

/// The negatives of one row.
namespace dynamicpo::inline v1::detail {

/// The words of `Count` slots from one on, as their slot_stream gives them. The first four of each are made side by
/// side in registers of `Bytes`: they are most of what a draw costs.
template <std::size_t Count, std::size_t Bytes>
struct slot_words {
  sample::slot_stream stream{0, 0, 0};
  index first = 0;
  std::uint32_t word[4][Count];

  DYNAMICPO_INLINE void make(const sample::slot_stream& from, index first_slot) {
    stream = from;
    first = first_slot;
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

/// The items that a row has drawn so far, for rows without replacement.
class taken_items {
 public:
  static constexpr std::size_t group = items_of_line;

  void clear(index most) {
    const std::size_t room = (static_cast<std::size_t>(most) + group - 1) / group * group;
    if (items_.size() < room) {
      items_.assign(room, none);
    } else {
      std::fill_n(items_.begin(), count_, none);
    }
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
  template <std::size_t Bytes>
  DYNAMICPO_INLINE bool contains_any(const sample::item (&wanted)[group]) const {
    using several = item_lanes<Bytes>;
    several found(0);
    for (std::size_t i = 0; i < count_; i += group) {
      const several held = several::load(items_.data() + i);
      for (const sample::item each : wanted) { found = either(found, held == several(each)); }
    }
    return any(found);
  }

 private:
  static constexpr sample::item none = -1;  // up to a whole group
  std::vector<sample::item> items_;
  std::size_t count_ = 0;
};

/// Whether two of the first `count` items of a group are the same.
template <std::size_t Bytes>
DYNAMICPO_INLINE bool any_twice(const sample::item (&items)[taken_items::group], std::size_t count) {
  constexpr std::size_t group = taken_items::group;
  using several = item_lanes<Bytes>;
  sample::item twice[2 * group];
  for (std::size_t i = 0; i < group; ++i) {
    twice[i] = twice[i + group] = i < count ? items[i] : -1 - static_cast<sample::item>(i);
  }
  several found(0);
  const several all = several::load(twice);
  for (std::size_t shift = 1; shift <= group / 2; ++shift) {
    found = either(found, all == several::load(twice + shift));
  }
  return any(found);
}

/// The first tries of a group of slots, made before they are looked at: what they read comes from memory meanwhile.
template <sample::sampler Sampler, std::size_t Bytes>
struct group_tries {
  static constexpr std::size_t group = taken_items::group;
  sample::slot_stream stream{0, 0, 0};
  index begin = 0;  ///< the first slot
  index candidates[group];
  sample::item items[group];
  list_windows<Bytes> windows;  ///< where they would be among the positives

  DYNAMICPO_INLINE void draw(const Sampler& from, const slot_words<group, Bytes>& words) {
    stream = words.stream;
    begin = words.first;
    index drawn[group];  // apart from all that a store might change, so that draws run side by side
    for (std::size_t i = 0; i < group; ++i) {
      sample::philox_engine engine = words[i];
      drawn[i] = from.draw(engine);
    }
    for (std::size_t i = 0; i < group; ++i) {
      candidates[i] = drawn[i];
      items[i] = from.item_of(drawn[i]);
    }
  }
};

/// One row's draws, group by group.
template <sample::sampler Sampler, std::size_t Bytes>
class row_draws {
 public:
  using tries = group_tries<Sampler, Bytes>;
  static constexpr std::size_t group = tries::group;

  /// \param positives  ascending. \param taken  room for `slots`, of no meaning before and after.
  row_draws(const Sampler& from, std::span<const sample::item> positives, bool replacement, index slots,
            taken_items& taken)
      : from_{from}, positives_{positives}, replacement_{replacement}, slots_{slots}, taken_{taken} {
    if (!replacement_) { taken_.clear(slots); }
  }

  /// write(slot, candidate) for the slots of the next group, in order; -1 when none is left.
  template <class Write>
  DYNAMICPO_INLINE void settle(const tries& made, sample::draw_counts& counts, const Write& write) {
    const std::size_t count = std::min(group, static_cast<std::size_t>(slots_ - made.begin));
    const bool refused = made.windows.holds_any(made.items) ||
                         (made.begin > 0 && !replacement_ && taken_.template contains_any<Bytes>(made.items));
    if (!refused && found_ == made.begin && (replacement_ || !any_twice<Bytes>(made.items, count))) {
      for (std::size_t i = 0; i < count; ++i) {
        if (!replacement_ && slots_ > static_cast<index>(group)) { taken_.add(made.items[i]); }
        write(made.begin + static_cast<index>(i), made.candidates[i]);
      }
      counts.accepted += static_cast<index>(count);
      found_ += static_cast<index>(count);
    } else {
      one_by_one(made, count, counts, write);
    }
  }
  /// After the last group: how many there were.
  index finish(sample::draw_counts& counts) const {
    counts.drawn += found_;
    counts.short_rows += found_ < slots_ ? 1 : 0;
    return found_;
  }

 private:
  template <class Write>
  [[gnu::noinline]] void one_by_one(const tries& made, std::size_t count, sample::draw_counts& counts,
                                    const Write& write) {
    for (std::size_t i = 0; i < count; ++i) {
      const index slot = made.begin + static_cast<index>(i);
      index candidate = -1;
      if (found_ == slot) {  // else none was left before
        if (made.windows.holds(i, made.items[i]) || (!replacement_ && taken_.contains(made.items[i]))) {
          candidate = after_rejection(made.stream.words(slot), counts);
        } else {
          candidate = made.candidates[i];
          ++counts.accepted;
        }
      }
      if (candidate >= 0) {
        ++found_;
        if (!replacement_) { taken_.add(from_.item_of(candidate)); }
      }
      write(slot, candidate);
    }
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
  index slots_;
  index found_ = 0;
  taken_items& taken_;
};

}  // namespace dynamicpo::inline v1::detail
