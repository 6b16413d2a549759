// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dynamicpo/sample/concept.hpp"
#include "dynamicpo/sample/draw_counts.hpp"

/// The negatives of one row, and what is known of their distribution.
namespace dynamicpo::inline v1::detail {

/// Draws in vain before a slot goes through all candidates.
inline constexpr int most_rejections = 32;

/// The words of `Count` slots from one on, as their slot_stream gives them. The first four of each are made side by
/// side: they are most of what a draw costs.
template <std::size_t Count>
struct slot_words {
  sample::slot_stream stream;
  index first;
  std::uint32_t word[4][Count];

  DYNAMICPO_INLINE slot_words(const sample::slot_stream& from, index first_slot) : stream{from}, first{first_slot} {
    for (std::size_t i = 0; i < Count; ++i) {
      const auto words = stream.block(first + static_cast<index>(i));
      for (std::size_t w = 0; w < 4; ++w) { word[w][i] = words.word[w]; }
    }
  }
  DYNAMICPO_INLINE sample::philox_engine operator[](std::size_t i) const {
    return stream.words(first + static_cast<index>(i), {{word[0][i], word[1][i], word[2][i], word[3][i]}});
  }
};

/// Whether `wanted` is in an ascending list; every search takes the same steps, and no branch depends on an item.
inline bool in_ascending(std::span<const sample::item> list, sample::item wanted) {
  if (list.empty()) { return false; }
  const sample::item* from = list.data();
  for (std::size_t left = list.size(); left > 1;) {
    const std::size_t half = left / 2;
    from += half * static_cast<std::size_t>(from[half] <= wanted);
    left -= half;
  }
  return *from == wanted;
}

/// The items that a row has drawn so far, for rows without replacement.
class taken_items {
 public:
  void clear(index most) {
    count_ = 0;
    items_.assign((static_cast<std::size_t>(most) + group - 1) / group * group, sample::item{-1});
  }
  void add(sample::item taken) { items_[count_++] = taken; }
  bool contains(sample::item wanted) const {
    unsigned found = 0;
    for (std::size_t i = 0; i < count_; i += group) {
      for (std::size_t lane = 0; lane < group; ++lane) { found |= items_[i + lane] == wanted ? 1u : 0u; }
    }
    return found != 0;
  }

 private:
  static constexpr std::size_t group = 16;
  std::vector<sample::item> items_;  // -1, no item, up to a whole group
  std::size_t count_ = 0;
};

/// One row's draws.
template <sample::sampler Sampler>
class row_draws {
 public:
  /// \param positives  ascending. \param taken  room, of no meaning before and after.
  row_draws(const Sampler& from, std::span<const sample::item> positives, bool replacement, taken_items& taken)
      : from_{from}, positives_{positives}, replacement_{replacement}, taken_{taken} {}

  /// write(slot, candidate) for slots 0 .. slots - 1, in order; -1 when none is left. Returns how many there were.
  template <class Write>
  index draw(const sample::slot_stream& stream, index slots, sample::draw_counts& counts, const Write& write) {
    constexpr std::size_t group = 16;
    index tries[group];
    bool positive[group];
    if (!replacement_) { taken_.clear(slots); }
    index found = 0;
    for (index begin = 0; begin < slots; begin += static_cast<index>(group)) {
      // All first tries before any is looked at: they wait for memory together.
      const slot_words<group> words(stream, begin);
      for (std::size_t i = 0; i < group; ++i) {
        sample::philox_engine engine = words[i];
        tries[i] = from_.draw(engine);
      }
      for (std::size_t i = 0; i < group; ++i) { positive[i] = in_ascending(positives_, from_.item_of(tries[i])); }
      for (std::size_t i = 0; i < std::min(group, static_cast<std::size_t>(slots - begin)); ++i) {
        const index slot = begin + static_cast<index>(i);
        index candidate = -1;
        if (found == slot) {  // else none was left before
          if (positive[i] || (!replacement_ && taken_.contains(from_.item_of(tries[i])))) {
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
    }
    counts.drawn += found;
    counts.short_rows += found < slots ? 1 : 0;
    return found;
  }

 private:
  /// From the first words on, which give what was rejected.
  [[gnu::noinline]] index after_rejection(sample::philox_engine words, sample::draw_counts& counts) const {
    for (int tries = 0; tries < most_rejections; ++tries) {
      const index drawn = from_.draw(words);
      if (!excluded(from_.item_of(drawn))) {
        ++counts.accepted;
        return drawn;
      }
      ++counts.rejected;
    }
    const index candidate = among_all(words.uniform());
    counts.exhaustive += candidate < 0 ? 0 : 1;
    return candidate;
  }
  bool excluded(sample::item wanted) const {
    return in_ascending(positives_, wanted) || (!replacement_ && taken_.contains(wanted));
  }
  // By q among what is not excluded: the first candidate whose cumulated q passes the share of their sum.
  index among_all(double share) const {
    const auto for_each_left = [&](const auto& see) {
      for (index candidate = 0; candidate < from_.candidates(); ++candidate) {
        const double q = from_.probability(candidate);
        if (q > 0 && !excluded(from_.item_of(candidate)) && !see(candidate, q)) { return; }
      }
    };
    double total = 0;
    for_each_left([&](index, double q) {
      total += q;
      return true;
    });
    double passed = 0;
    index found = -1;
    for_each_left([&](index candidate, double q) {
      found = candidate;
      passed += q;
      return !(share * total < passed);
    });
    return found;
  }

  const Sampler& from_;
  std::span<const sample::item> positives_;
  bool replacement_;
  taken_items& taken_;
};

/// The candidate that is an item, -1 when none is.
template <sample::sampler Sampler>
index candidate_of(const Sampler& from, sample::item wanted) {
  if constexpr (requires {
                  { from.candidate_of(wanted) } -> std::same_as<index>;
                }) {
    return from.candidate_of(wanted);
  } else {
    index low = 0;
    for (index high = from.candidates(); low < high;) {
      const index middle = low + (high - low) / 2;
      if (from.item_of(middle) < wanted) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low < from.candidates() && from.item_of(low) == wanted ? low : -1;
  }
}

/// log of the q of all that is no positive. Where little is left, it is added up: 1 - q would be rounding.
template <sample::sampler Sampler>
double log_probability_left(const Sampler& from, std::span<const sample::item> positives) {
  double taken = 0;
  for (std::size_t i = 0; i < positives.size(); ++i) {
    if (i > 0 && positives[i] == positives[i - 1]) { continue; }
    const index candidate = candidate_of(from, positives[i]);
    taken += candidate < 0 ? 0.0 : from.probability(candidate);
  }
  if (taken <= 0.5) { return std::log1p(-taken); }
  double left = 0;
  for (index candidate = 0; candidate < from.candidates(); ++candidate) {
    left += in_ascending(positives, from.item_of(candidate)) ? 0.0 : from.probability(candidate);
  }
  return std::log(left);
}

}  // namespace dynamicpo::inline v1::detail
