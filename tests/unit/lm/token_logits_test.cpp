// SPDX-License-Identifier: MIT
#include "dynamicpo/lm/token_logits.hpp"

#include <stdexcept>
#include <vector>

#include "support/catch.hpp"

namespace lm = dynamicpo::lm;
namespace po = dynamicpo;

TEST_CASE("view_logits: where each token's logits begin; what does not fit is refused") {
  std::vector<float> memory(24);
  const auto view = lm::view_logits(std::span<float>(memory), 2, 3, 4);
  REQUIRE((view.at(0, 0) == memory.data() && view.at(1, 2) == memory.data() + 20));
  const lm::token_logits<const float> constant = view;
  REQUIRE(constant.at(1, 0) == memory.data() + 12);
  REQUIRE_THROWS_WITH(lm::view_logits(std::span<float>(memory), 2, 3, 5),
                      "dynamicpo::lm::view_logits: 24 entries for [2, 3, 5]");
  REQUIRE_THROWS_AS(lm::view_logits(std::span<float>(memory), 2, -1, 4), std::invalid_argument);
  // Products that no number holds.
  REQUIRE_THROWS_AS(lm::view_logits(std::span<float>(memory), po::index{1} << 32, po::index{1} << 32, 5),
                    std::invalid_argument);
  REQUIRE_NOTHROW(lm::view_logits(std::span<float>(memory), 0, po::index{1} << 40, 5));
}

TEST_CASE("token_labels: negative labels and mask 0 do not count, labels beyond the vocabulary are refused") {
  const std::vector<std::int32_t> label{0, -100, 3, 7};
  const std::vector<std::uint8_t> mask{1, 1, 2, 0}, all(4, 1);
  const lm::token_labels labels{label, mask};
  REQUIRE((labels.counts(0) && !labels.counts(1) && labels.counts(2) && !labels.counts(3)));
  REQUIRE_NOTHROW(labels.require("here", 4, 2, 4));
  REQUIRE_THROWS_WITH((lm::token_labels{label, all}.require("here", 4, 2, 4)),
                      "dynamicpo::here: label 7 of sequence 1, token 1 is not below the vocabulary of 4");
  REQUIRE_THROWS_WITH(labels.require("here", 5, 1, 9), "dynamicpo::here: label has 4 entries, expected 5");
  const std::vector<std::int32_t> more(5);
  REQUIRE_THROWS_WITH((lm::token_labels{more, mask}.require("here", 5, 1, 9)),
                      "dynamicpo::here: mask has 4 entries, expected 5");
}

TEST_CASE("overlap: by the memory that two blocks span") {
  std::vector<float> memory(100);
  const auto at = [&](std::size_t from) { return lm::view_logits(std::span<float>(memory).subspan(from), 2, 3, 4); };
  REQUIRE((lm::overlap(at(0), at(0)) && lm::overlap(at(0), at(23)) && lm::overlap(at(23), at(0))));
  REQUIRE_FALSE(lm::overlap(at(0), at(24)));
  const lm::token_logits<float> backward{memory.data() + 80, 2, 3, 4, -12, -4};  // from 60 on
  REQUIRE((lm::overlap(backward, at(50)) && !lm::overlap(backward, at(36)) && !lm::overlap(at(0), backward)));
  const lm::token_logits<float> nothing{memory.data(), 2, 0, 4, 0, 4};
  REQUIRE_FALSE(lm::overlap(nothing, at(0)));
}
