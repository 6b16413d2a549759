// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "toy_llm/dataset.hpp"

namespace toy_llm {

/// The text that begin_token and end_token stand for in a vocabulary. Tokenizers never emit the two and decode them to
/// nothing.
inline constexpr std::string_view begin_text = "<begin>", end_text = "<end>";

/// Text of a token. Throws std::invalid_argument for an id outside the vocabulary.
const std::string& token_text(std::span<const std::string> vocabulary, token_id token);

/// A to Z to lower case; other bytes, multi-byte letters included, stay.
std::string ascii_lowercase(std::string_view text);

/// One token a word, words being separated by single spaces. decode(encode(x)) == x.
class word_tokenizer {
 public:
  /// Ids from 2 in the order given. Throws std::invalid_argument for a word that is empty, repeated or holds a space.
  explicit word_tokenizer(std::span<const std::string> words);

  /// Throws std::invalid_argument for an unknown word.
  std::vector<token_id> encode(std::string_view text) const;
  /// Throws std::invalid_argument for an id outside the vocabulary.
  std::string decode(std::span<const token_id> tokens) const;
  const std::vector<std::string>& vocabulary() const { return vocabulary_; }

 private:
  std::vector<std::string> vocabulary_;
  std::map<std::string, token_id, std::less<>> ids_;
};

/// Byte-pair encoding of lowercased text: two special tokens, the 256 bytes, then one token a merge. A merge never
/// reaches across the space in front of a word. decode(encode(x)) == ascii_lowercase(x) for any bytes.
class byte_pair_tokenizer {
 public:
  /// Merges the most frequent neighbours of all titles, of equally frequent ones the pair of smallest ids, until there
  /// are `vocabulary` tokens or no pair occurs twice. Cost: merges x bytes. Throws std::invalid_argument for a
  /// vocabulary below 258.
  static byte_pair_tokenizer learn(std::span<const std::string> titles, std::size_t vocabulary);

  std::vector<token_id> encode(std::string_view text) const;
  /// Throws std::invalid_argument for an id outside the vocabulary.
  std::string decode(std::span<const token_id> tokens) const;
  const std::vector<std::string>& vocabulary() const { return vocabulary_; }

 private:
  using pair = std::pair<token_id, token_id>;

  byte_pair_tokenizer();
  void add_merge(pair merged);

  std::vector<std::string> vocabulary_;
  std::vector<pair> merges_;  // merge m makes token first_merge + m
};

}  // namespace toy_llm
