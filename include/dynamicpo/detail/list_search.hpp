// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dynamicpo/detail/ask_ahead.hpp"
#include "dynamicpo/detail/lanes.hpp"
#include "dynamicpo/sample/concept.hpp"

/// Ascending lists of items, searched for several at a time.
namespace dynamicpo::inline v1::detail {

/// Items that fill a line of memory.
inline constexpr std::size_t items_of_line = 64 / sizeof(sample::item);
/// So many, in registers of `Bytes`.
template <std::size_t Bytes>
using item_lanes = lanes<sample::item, items_of_line, Bytes>;

/// How many items of its line lie before this one.
inline std::size_t place_in_line(const sample::item* at) {
  return reinterpret_cast<std::uintptr_t>(at) / sizeof(sample::item) % items_of_line;
}
/// How many lines items lie in.
inline std::size_t lines_of(std::span<const sample::item> items) {
  return items.empty() ? 0 : (place_in_line(items.data()) + items.size() - 1) / items_of_line + 1;
}
/// The first item of each line.
inline std::vector<sample::item> marks_of(std::span<const sample::item> items) {
  std::vector<sample::item> marks(lines_of(items));
  for (std::size_t line = 0; line < marks.size(); ++line) {
    marks[line] = items[line == 0 ? 0 : line * items_of_line - place_in_line(items.data())];
  }
  return marks;
}

/// Whether a list is in ascending order, by registers of `Bytes`.
template <std::size_t Bytes>
DYNAMICPO_INLINE bool ascending(std::span<const sample::item> list) {
  using several = item_lanes<Bytes>;
  std::size_t i = 1;
  several falls(0);  // no early end: side by side that is faster
  for (; i + items_of_line <= list.size(); i += items_of_line) {
    falls = either(falls, several::load(list.data() + i) < several::load(list.data() + i - 1));
  }
  unsigned some = 0;
  for (; i < list.size(); ++i) { some |= list[i] < list[i - 1] ? 1u : 0u; }
  return some == 0 && !any(falls);
}

/// An ascending list, line by line, with the first items of its lines but the first, its marks: in the list itself, or
/// apart.
struct lined_list {
  std::span<const sample::item> items;
  const sample::item* marks;
  std::size_t marks_apart;  ///< from one to the next
  std::size_t first_line;   ///< items in it

  static lined_list of(std::span<const sample::item> list) {
    const std::size_t first = items_of_line - place_in_line(list.data());
    return {list, list.data() + std::min(first, list.size()), items_of_line, first};
  }
  /// \param marks  of all items that the list, not empty, is among.
  static lined_list of(std::span<const sample::item> list, std::span<const sample::item> all,
                       std::span<const sample::item> marks) {
    const auto from = place_in_line(all.data()) + static_cast<std::size_t>(list.data() - all.data());
    const std::size_t second = std::min(from / items_of_line + 1, marks.size());
    return {list, marks.data() + second, 1, items_of_line - from % items_of_line};
  }

  std::size_t mark_count() const {
    return items.size() > first_line ? (items.size() - first_line + items_of_line - 1) / items_of_line : 0;
  }
  sample::item mark(std::size_t i) const { return marks[i * marks_apart]; }
  /// Asks memory for the marks: where they stand in the list, for all of it.
  DYNAMICPO_INLINE void prefetch() const {
    __builtin_prefetch(items.data());
    const std::size_t bytes = mark_count() * marks_apart * sizeof(sample::item);
    for (std::size_t at = 0; at < bytes; at += 64) { ask_ahead(marks, at); }
  }
};

/// Where each of a line of items would be in a list of less than 2^31: among `length` items from begin[i] on.
template <std::size_t Bytes>
struct list_windows {
  static constexpr std::size_t count = items_of_line;
  using several = item_lanes<Bytes>;

  const sample::item* list = nullptr;
  std::size_t length = 0;  ///< a line, or that of a shorter list
  sample::item begin[count] = {};

  /// All searches take the same steps, side by side, and no branch depends on an item.
  DYNAMICPO_INLINE void find(const lined_list& in, const sample::item (&wanted)[count]) {
    list = in.items.data();
    length = std::min(in.items.size(), items_of_line);
    if (length == 0) { return; }
    const auto line = static_cast<sample::item>(items_of_line), first = static_cast<sample::item>(in.first_line);
    const several at = marks_not_above(in, wanted) * several(line) + several(first - line), start(0);
    const several last(static_cast<sample::item>(in.items.size() - length));
    where(at < start, start, where(last < at, last, at)).store(begin);
  }
  DYNAMICPO_INLINE void prefetch() const {
    if (length == 0) { return; }
    for (const sample::item at : begin) { __builtin_prefetch(list + at); }
  }
  /// Whether any of the items is in the list.
  DYNAMICPO_INLINE bool holds_any(const sample::item (&wanted)[count]) const {
    if (length == 0) { return false; }
    several found(0);
    if (length < items_of_line) {
      const several all = several::load(wanted);
      for (std::size_t i = 0; i < length; ++i) { found = either(found, all == several(list[i])); }
    } else {
      for (std::size_t i = 0; i < count; ++i) {
        found = either(found, several::load(list + begin[i]) == several(wanted[i]));
      }
    }
    return any(found);
  }
  /// Whether item i is.
  bool holds(std::size_t i, sample::item wanted) const {
    unsigned found = 0;
    for (std::size_t at = 0; at < length; ++at) {
      found |= list[static_cast<std::size_t>(begin[i]) + at] == wanted ? 1u : 0u;
    }
    return found != 0;
  }

 private:
  DYNAMICPO_INLINE static several marks_not_above(const lined_list& in, const sample::item (&wanted)[count]) {
    const std::size_t marks = in.mark_count();
    if (constexpr std::size_t few = 64; marks <= few) {  // one after the other
      const several all = several::load(wanted);
      several above(0);  // each as -1
      for (std::size_t i = 0; i < marks; ++i) { above += all < several(in.mark(i)); }
      return above + several(static_cast<sample::item>(marks));
    }
    sample::item of_each[count] = {};
    for (std::size_t left = marks; left > 0;) {
      const std::size_t half = (left + 1) / 2;
      for (std::size_t i = 0; i < count; ++i) {
        const std::size_t next = static_cast<std::size_t>(of_each[i]) + half;
        of_each[i] = in.mark(next - 1) <= wanted[i] ? static_cast<sample::item>(next) : of_each[i];
      }
      left -= half;
    }
    return several::load(of_each);
  }
};

}  // namespace dynamicpo::inline v1::detail
