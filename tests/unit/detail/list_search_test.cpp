// SPDX-License-Identifier: MIT
#include "dynamicpo/detail/list_search.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "dynamicpo/detail/processor.hpp"
#include "dynamicpo/sample/philox.hpp"
#include "support/catch.hpp"

namespace detail = dynamicpo::detail;
namespace sample = dynamicpo::sample;
using sample::item;

namespace {

constexpr std::size_t bytes = detail::target_bytes;

/// `length` items in ascending order, some twice, among others in the same memory: wherever their lines begin.
struct list_among_others {
  std::vector<item> memory;
  std::size_t skipped, length;

  list_among_others(std::size_t skip, std::size_t of, std::uint32_t catalogue) : skipped{skip}, length{of} {
    sample::philox_engine random(skip, of);
    for (std::size_t i = 0; i < skip + of + 20; ++i) { memory.push_back(static_cast<item>(random.below(catalogue))); }
    std::sort(memory.begin() + static_cast<std::ptrdiff_t>(skip),
              memory.begin() + static_cast<std::ptrdiff_t>(skip + of));
  }
  std::span<const item> list() const { return std::span(memory).subspan(skipped, length); }
};

template <std::size_t Bytes>
void check_search(const list_among_others& of, std::uint32_t catalogue) {
  const auto list = of.list();
  const std::vector<item> marks = detail::marks_of(of.memory);
  REQUIRE(marks.size() == detail::lines_of(of.memory));
  for (const bool apart : {false, true}) {
    if (apart && list.empty()) { continue; }
    const auto lined = apart ? detail::lined_list::of(list, of.memory, marks) : detail::lined_list::of(list);
    for (item first = -1; first <= static_cast<item>(catalogue); first += 13) {
      item wanted[detail::items_of_line];
      for (std::size_t i = 0; i < detail::items_of_line; ++i) { wanted[i] = first + static_cast<item>(i); }
      detail::list_windows<Bytes> windows;
      windows.find(lined, wanted);
      bool any = false;
      for (std::size_t i = 0; i < detail::items_of_line; ++i) {
        const bool expected = std::binary_search(list.begin(), list.end(), wanted[i]);
        REQUIRE(windows.holds(i, wanted[i]) == expected);
        any = any || expected;
        const auto begin = static_cast<std::size_t>(windows.begin[i]);
        REQUIRE((windows.begin[i] >= 0 && begin + windows.length <= list.size()));
      }
      REQUIRE(windows.holds_any(wanted) == any);
    }
  }
}

}  // namespace

TEST_CASE("list_windows finds what std::binary_search finds, wherever lines begin, in any registers") {
  for (std::size_t skip = 0; skip < 17; ++skip) {
    for (const std::size_t length : {0u, 1u, 2u, 15u, 16u, 17u, 31u, 32u, 33u, 50u, 64u, 65u}) {
      const list_among_others list(skip, length, 150);
      check_search<16>(list, 150);
      if constexpr (bytes >= 32) { check_search<32>(list, 150); }
      if constexpr (bytes >= 64) { check_search<64>(list, 150); }
    }
  }
  for (const std::size_t length : {1000u, 1023u, 1024u, 1025u, 1039u, 1040u, 1041u, 5000u, 20000u}) {
    check_search<bytes>(list_among_others(3, length, 4000), 4000);
  }
}

TEST_CASE("ascending: one item too low is seen, wherever it stands") {
  for (std::size_t length = 0; length < 70; ++length) {
    std::vector<item> list(length);
    for (std::size_t i = 0; i < length; ++i) { list[i] = static_cast<item>(i / 2) - 9; }
    REQUIRE((detail::ascending<16>(list) && detail::ascending<bytes>(list)));
    for (std::size_t i = 1; i < length; ++i) {
      const item kept = list[i];
      list[i] = list[i - 1] - 1;
      REQUIRE((!detail::ascending<16>(list) && !detail::ascending<bytes>(list)));
      list[i] = kept;
    }
  }
}

TEST_CASE("marks_of: the first item of each line of memory") {
  std::vector<item> items(100);
  for (std::size_t i = 0; i < items.size(); ++i) { items[i] = static_cast<item>(i); }
  for (std::size_t skip = 0; skip < 17; ++skip) {
    const auto some = std::span<const item>(items).subspan(skip);
    const auto marks = detail::marks_of(some);
    REQUIRE(marks[0] == some[0]);
    for (std::size_t line = 1; line < marks.size(); ++line) {
      REQUIRE(detail::place_in_line(&items[static_cast<std::size_t>(marks[line])]) == 0);
    }
    REQUIRE(marks.back() + static_cast<item>(detail::items_of_line) > items.back());
  }
  REQUIRE(detail::marks_of({}).empty());
}
