// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <unordered_map>

#include "toy_llm/tokenizer.hpp"

namespace toy_llm {
namespace {

constexpr token_id first_byte = end_token + 1;
constexpr token_id first_merge = first_byte + 256;

std::vector<token_id> byte_tokens(std::string_view text) {
  std::vector<token_id> tokens;
  for (const char byte : ascii_lowercase(text)) tokens.push_back(first_byte + static_cast<unsigned char>(byte));
  return tokens;
}

// Leftmost first, in place.
void replace_pair(std::vector<token_id>& tokens, std::pair<token_id, token_id> pair, token_id merged) {
  auto out = tokens.begin();
  for (auto in = tokens.begin(); in != tokens.end(); ++in, ++out) {
    const bool match = *in == pair.first && in + 1 != tokens.end() && *(in + 1) == pair.second;
    *out = match ? merged : *in;
    if (match) ++in;
  }
  tokens.erase(out, tokens.end());
}

}  // namespace

std::string ascii_lowercase(std::string_view text) {
  std::string lower{text};
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

byte_pair_tokenizer::byte_pair_tokenizer() : vocabulary_{std::string{begin_text}, std::string{end_text}} {
  for (int byte = 0; byte < 256; ++byte) vocabulary_.emplace_back(1, static_cast<char>(byte));
}

void byte_pair_tokenizer::add_merge(pair merged) {
  vocabulary_.push_back(token_text(vocabulary_, merged.first) + token_text(vocabulary_, merged.second));
  merges_.push_back(merged);
}

byte_pair_tokenizer byte_pair_tokenizer::learn(std::span<const std::string> titles, std::size_t vocabulary) {
  if (vocabulary < static_cast<std::size_t>(first_merge)) {
    throw std::invalid_argument("toy_llm::byte_pair_tokenizer: expected a vocabulary of at least " +
                                std::to_string(first_merge) + " tokens, found " + std::to_string(vocabulary));
  }
  byte_pair_tokenizer tokenizer;
  std::vector<std::vector<token_id>> texts;
  for (const std::string& title : titles) texts.push_back(byte_tokens(title));

  while (tokenizer.vocabulary_.size() < vocabulary) {
    std::unordered_map<std::uint64_t, std::size_t> counts;
    for (const auto& text : texts) {
      for (std::size_t i = 1; i < text.size(); ++i) {
        if (tokenizer.vocabulary_[static_cast<std::size_t>(text[i])].front() == ' ') continue;
        ++counts[static_cast<std::uint64_t>(text[i - 1]) << 32 | static_cast<std::uint64_t>(text[i])];
      }
    }
    const auto best = std::max_element(counts.begin(), counts.end(), [](const auto& a, const auto& b) {
      return a.second != b.second ? a.second < b.second : a.first > b.first;
    });
    if (best == counts.end() || best->second < 2) break;
    const pair merged{static_cast<token_id>(best->first >> 32), static_cast<token_id>(best->first & 0xFFFFFFFFu)};
    const auto id = static_cast<token_id>(tokenizer.vocabulary_.size());
    tokenizer.add_merge(merged);
    for (auto& text : texts) replace_pair(text, merged, id);
  }
  return tokenizer;
}

std::vector<token_id> byte_pair_tokenizer::encode(std::string_view text) const {
  // A merge only makes pairs that later merges know, so one pass a merge applies them exactly as learning did.
  std::vector<token_id> tokens = byte_tokens(text);
  token_id merged = first_merge;
  for (const pair& merge : merges_) replace_pair(tokens, merge, merged++);
  return tokens;
}

std::string byte_pair_tokenizer::decode(std::span<const token_id> tokens) const {
  std::string text;
  for (const token_id token : tokens) {
    if (token != begin_token && token != end_token) text += token_text(vocabulary_, token);
  }
  return text;
}

}  // namespace toy_llm
