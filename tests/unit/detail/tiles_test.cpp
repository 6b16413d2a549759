// SPDX-License-Identifier: MIT
#include "dynamicpo/detail/tiles.hpp"

#include <algorithm>
#include <set>
#include <vector>

#include "dynamicpo/dynamicpo.hpp"
#include "support/catch.hpp"
#include "support/rows.hpp"

namespace po = dynamicpo;
using V = po::detail::lanes<float, 16, 16>;

TEST_CASE("rows_by_length orders stably, and tells how many rows are short enough and where each is") {
  const auto batch = test_support::random_batch<float>(5, 128, 70, true);
  const auto rows = batch.policy.view();
  const po::index first = 17;
  // By sixteens beyond 20, up to 60.
  const auto length = [&](std::int32_t i) {
    const po::index size = rows.negatives(first + i);
    return size <= 20 ? size : std::min<po::index>(21 + (size - 21) / 16, 24);
  };
  for (const std::size_t number : {std::size_t{1}, std::size_t{7}, std::size_t{100}, std::size_t{111}}) {
    const po::detail::rows_by_length<20, 60> found(rows, first, number);
    const std::vector<std::int32_t> order(found.distance, found.distance + number);
    REQUIRE(std::set<std::int32_t>(order.begin(), order.end()).size() == number);
    REQUIRE((0 <= *std::min_element(order.begin(), order.end()) &&
             *std::max_element(order.begin(), order.end()) < static_cast<std::int32_t>(number)));
    for (std::size_t i = 0; i < number; ++i) {
      REQUIRE(found.place[i] == rows.flat(first + order[i]));
      REQUIRE(found.count[i] == rows.negatives(first + order[i]));
      if (i + 1 < number) {
        REQUIRE(std::pair(length(order[i]), order[i]) < std::pair(length(order[i + 1]), order[i + 1]));
      }
    }
    REQUIRE(found.fitting == static_cast<std::size_t>(std::count_if(order.begin(), order.end(),
                                                                    [&](std::int32_t i) { return length(i) <= 20; })));
    if (number >= 100) {
      REQUIRE((0 < found.fitting && found.fitting < number));
      REQUIRE(length(order.back()) == 24);
    }
  }
}

TEMPLATE_TEST_CASE_SIG("for_each_tile gives every row of a block once, long ones by themselves", "",
                       ((bool by_length), by_length), false, true) {
  for (const bool ragged : {false, true}) {
    for (const po::index negatives : {3, 40, 80}) {
      const auto batch = test_support::random_batch<float>(6, 300, negatives, ragged);
      const auto rows = batch.policy.view();
      for (const auto& [first, end] : {std::pair<po::index, po::index>{0, 300}, {32, 33}, {64, 250}}) {
        std::multiset<po::index> seen;
        std::set<std::pair<po::index, po::index>> asked_for;
        const po::detail::tile<V>* awaited = nullptr;
        po::detail::for_each_tile<po::detail::tile<V>, by_length>(
            rows, first, end, false,
            [&](po::detail::tile<V>* now, po::detail::tile<V>* next) {
              REQUIRE(now == awaited);
              REQUIRE((now != next || now == nullptr));
              awaited = next;
              if (next != nullptr) {
                REQUIRE((first < next->after && next->after <= next->after_end && next->after_end <= rows.rows()));
                REQUIRE(next->after_end - next->after <= static_cast<po::index>(V::count));
                asked_for.insert({next->after, next->after_end});
              }
              if (now == nullptr) { return; }
              const po::detail::tile<V>& tile = *now;
              REQUIRE((tile.used > 0 && tile.used <= V::count && tile.block_end == end));
              REQUIRE(tile.in_turn == !(ragged && by_length));
              for (std::size_t l = 0; l < tile.used; ++l) {
                if (by_length) { REQUIRE(rows.negatives(tile.row(l)) <= 64); }
                seen.insert(tile.row(l));
              }
              if (!tile.in_turn) {
                for (std::size_t l = 0; l < tile.used; ++l) {
                  REQUIRE((tile.begins[l] == rows.flat(tile.row(l)) && tile.count[l] == rows.negatives(tile.row(l))));
                }
              }
              for (std::size_t l = tile.used; l < V::count; ++l) { REQUIRE(tile.row(l) == tile.row(0)); }
            },
            [&](const po::detail::long_rows& long_rows) {
              REQUIRE((long_rows.number >= 1 && long_rows[0] >= first));
              const std::size_t taken = std::min<std::size_t>(long_rows.number, 3);
              for (std::size_t i = 0; i < taken; ++i) {
                REQUIRE((long_rows[i] < end && rows.negatives(long_rows[i]) > 64));
                seen.insert(long_rows[i]);
              }
              return taken;
            });
        REQUIRE(awaited == nullptr);
        REQUIRE(static_cast<po::index>(seen.size()) == end - first);
        REQUIRE((*seen.begin() == first && *seen.rbegin() == end - 1));
        REQUIRE(std::set<po::index>(seen.begin(), seen.end()).size() == seen.size());
        if (negatives == 3) {  // all rows but the first that are put in order, or taken
          const po::index before = ragged && by_length ? po::detail::rows_in_order : static_cast<po::index>(V::count);
          for (po::index row = first + before; row < end; ++row) {
            REQUIRE(std::any_of(asked_for.begin(), asked_for.end(),
                                [&](const auto& range) { return range.first <= row && row < range.second; }));
          }
        }
      }
    }
  }
}
