// SPDX-License-Identifier: MIT
#include "dynamicpo/sample/concept.hpp"

#include <cstdint>
#include <set>
#include <vector>

#include "support/catch.hpp"

namespace sample = dynamicpo::sample;

namespace {

struct coin {
  dynamicpo::index candidates() const { return 2; }
  dynamicpo::index draw(sample::philox_engine& words) const { return words.below(2); }
  double probability(dynamicpo::index) const { return 0.5; }
  sample::item item_of(dynamicpo::index candidate) const { return static_cast<sample::item>(candidate); }
};
struct without_probability {
  dynamicpo::index candidates() const { return 2; }
  dynamicpo::index draw(sample::philox_engine& words) const { return words.below(2); }
  sample::item item_of(dynamicpo::index candidate) const { return static_cast<sample::item>(candidate); }
};

}  // namespace

TEST_CASE("sampler: what draws and says how probable that was") {
  STATIC_REQUIRE(sample::sampler<coin>);
  STATIC_REQUIRE_FALSE(sample::sampler<without_probability>);
}

TEST_CASE("slot_stream: words of their own for each seed, epoch, row and slot, the same each time") {
  std::set<std::uint32_t> seen;
  std::size_t places = 0;
  for (const std::uint64_t seed : {0u, 1u}) {
    for (const std::uint64_t epoch : {0u, 1u, 0xffffffffu}) {
      for (const dynamicpo::index row : {0ll, 1ll, 0xffffffffll}) {
        for (const dynamicpo::index slot : {0ll, 1ll, 0x3fffffffll}) {
          auto words = sample::slot_stream(seed, epoch, row).words(slot),
               again = sample::slot_stream(seed, epoch, row).words(slot);
          const std::uint32_t first = words();
          REQUIRE(first == again());
          seen.insert(first);
          ++places;
        }
      }
    }
  }
  REQUIRE(seen.size() == places);
}

TEST_CASE("slot_stream is no stream that the seed alone gives") {
  sample::philox_engine plain(7, 3ull << 32 | 5);
  auto words = sample::slot_stream(7, 3, 5).words(0);
  REQUIRE(plain() != words());
}
