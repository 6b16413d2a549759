// SPDX-License-Identifier: MIT
#include "toy_llm/tokenizer.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "dynamicpo/sample/philox.hpp"
#include "support/catch.hpp"

using namespace toy_llm;
using dynamicpo::sample::philox_engine;

namespace {

std::string random_bytes(philox_engine& random) {
  std::string text(random.below(40), '\0');
  for (char& c : text) c = static_cast<char>(random.below(256));
  return text;
}

std::string random_utf8(philox_engine& random) {
  std::string text;
  const auto tail = [&](std::uint32_t bits) { text += static_cast<char>(0x80u | (bits & 0x3Fu)); };
  for (std::uint32_t left = random.below(20); left > 0; --left) {
    const std::uint32_t code = random.below(random.below(2) == 0 ? 0x80u : 0x10000u);
    if (code < 0x80) {
      text += static_cast<char>(code);
    } else if (code < 0x800) {
      text += static_cast<char>(0xC0u | code >> 6);
      tail(code);
    } else {
      text += static_cast<char>(0xE0u | code >> 12);
      tail(code >> 6);
      tail(code);
    }
  }
  return text;
}

const std::vector<std::string> some_titles{"The The",          "the Beatles",          "Them", "Beat Happening",
                                           "Sigur R\xC3\xB3s", "R\xC3\xB3is\xC3\xADn", "ABBA", "",
                                           "  two  spaces ",   "Theatre of Hate"};

std::vector<std::string> merged_texts(const byte_pair_tokenizer& tokenizer) {
  return {tokenizer.vocabulary().begin() + 258, tokenizer.vocabulary().end()};
}

}  // namespace

TEST_CASE("a word tokenizer numbers words from 2 and gives titles back") {
  const word_tokenizer tokenizer{std::vector<std::string>{"red", "blue", "\xC3\xA9t\xC3\xA9"}};
  REQUIRE(tokenizer.vocabulary() == std::vector<std::string>{"<begin>", "<end>", "red", "blue", "\xC3\xA9t\xC3\xA9"});
  REQUIRE(tokenizer.encode("blue red blue") == std::vector<token_id>{3, 2, 3});
  REQUIRE(tokenizer.encode("").empty());
  philox_engine random{4};
  for (int i = 0; i < 200; ++i) {
    std::vector<token_id> tokens(random.below(6));
    for (token_id& token : tokens) token = static_cast<token_id>(2 + random.below(3));
    REQUIRE(tokenizer.encode(tokenizer.decode(tokens)) == tokens);
  }
}

TEST_CASE("special tokens decode to nothing") {
  const word_tokenizer words{std::vector<std::string>{"red", "blue"}};
  REQUIRE(words.decode(std::vector<token_id>{begin_token, 3, begin_token, 2, end_token}) == "blue red");
  const auto bytes = byte_pair_tokenizer::learn(some_titles, 300);
  REQUIRE(bytes.decode(std::vector<token_id>{begin_token, 2 + 'a', end_token, 2 + 'b'}) == "ab");
}

TEST_CASE("a word tokenizer refuses what is no word") {
  REQUIRE_THROWS_WITH(
      word_tokenizer(std::vector<std::string>{"red", "dark blue"}),
      "toy_llm::word_tokenizer: expected distinct words without spaces, found \"dark blue\" in the vocabulary");
  REQUIRE_THROWS_WITH(word_tokenizer(std::vector<std::string>{"red", "red"}),
                      "toy_llm::word_tokenizer: expected distinct words without spaces, found \"red\" twice");
  REQUIRE_THROWS_AS(word_tokenizer(std::vector<std::string>{""}), std::invalid_argument);
  const word_tokenizer tokenizer{std::vector<std::string>{"red", "blue"}};
  REQUIRE_THROWS_WITH(tokenizer.encode("red green"),
                      "toy_llm::word_tokenizer::encode: unknown word \"green\" in \"red green\"");
  for (const char* text : {" ", "red ", " red", "red  blue", "RED"}) {
    REQUIRE_THROWS_AS(tokenizer.encode(text), std::invalid_argument);
  }
}

TEST_CASE("an id outside the vocabulary says which ids there are") {
  const word_tokenizer words{std::vector<std::string>{"red"}};
  REQUIRE_THROWS_WITH(words.decode(std::vector<token_id>{2, 3}),
                      "toy_llm::token_text: expected a token in [0, 3), found 3");
  REQUIRE_THROWS_AS(words.decode(std::vector<token_id>{-1}), std::invalid_argument);
  const auto bytes = byte_pair_tokenizer::learn({}, 258);
  REQUIRE_THROWS_AS(bytes.decode(std::vector<token_id>{258}), std::invalid_argument);
}

TEST_CASE("byte pairs give lowercased text back, whatever its bytes") {
  const auto tokenizer =
      byte_pair_tokenizer::learn(some_titles, GENERATE(std::size_t{258}, std::size_t{270}, std::size_t{400}));
  philox_engine random{11};
  for (int i = 0; i < 500; ++i) {
    for (const std::string& text : {random_bytes(random), random_utf8(random), some_titles[random.below(10)]}) {
      const auto tokens = tokenizer.encode(text);
      REQUIRE(tokenizer.decode(tokens) == ascii_lowercase(text));
      REQUIRE(std::all_of(tokens.begin(), tokens.end(), [](token_id token) { return token > end_token; }));
      REQUIRE(tokens.size() <= text.size());
    }
  }
}

TEST_CASE("only A to Z are lowercased") { REQUIRE(ascii_lowercase("AZaz@[`{ 09 \xC3\x96") == "azaz@[`{ 09 \xC3\x96"); }

TEST_CASE("merges go by frequency, then by smallest ids, and stop where nothing repeats") {
  REQUIRE(merged_texts(byte_pair_tokenizer::learn(std::vector<std::string>{"xab", "yab", "zq"}, 400)) ==
          std::vector<std::string>{"ab"});
  REQUIRE(merged_texts(byte_pair_tokenizer::learn(std::vector<std::string>{"ab cd", "AB cd"}, 400)) ==
          std::vector<std::string>{" c", "ab", " cd"});
  REQUIRE(merged_texts(byte_pair_tokenizer::learn(std::vector<std::string>{"ab cd", "ab cd"}, 260)) ==
          std::vector<std::string>{" c", "ab"});
}

TEST_CASE("repeated letters merge from the left, in learning and in encoding") {
  const auto tokenizer = byte_pair_tokenizer::learn(std::vector<std::string>{"aaa", "aaa"}, 400);
  REQUIRE(merged_texts(tokenizer) == std::vector<std::string>{"aa", "aaa"});
  REQUIRE(tokenizer.encode("aaaaa") == std::vector<token_id>{258, 259});
}

TEST_CASE("no token reaches across a space") {
  const auto tokenizer = byte_pair_tokenizer::learn(some_titles, 400);
  for (const std::string& text : merged_texts(tokenizer)) REQUIRE(text.find(' ', 1) == std::string::npos);
  REQUIRE(merged_texts(tokenizer).size() >= 5);
}

TEST_CASE("merges depend neither on the order nor on the case of titles") {
  auto titles = some_titles;
  const auto vocabulary = byte_pair_tokenizer::learn(titles, 300).vocabulary();
  std::reverse(titles.begin(), titles.end());
  REQUIRE(byte_pair_tokenizer::learn(titles, 300).vocabulary() == vocabulary);
  for (std::string& title : titles) title = ascii_lowercase(title);
  REQUIRE(byte_pair_tokenizer::learn(titles, 300).vocabulary() == vocabulary);
}

TEST_CASE("a vocabulary too small for the bytes says so") {
  REQUIRE_THROWS_WITH(byte_pair_tokenizer::learn(some_titles, 257),
                      "toy_llm::byte_pair_tokenizer: expected a vocabulary of at least 258 tokens, found 257");
}
