// SPDX-License-Identifier: MIT
#include <stdexcept>

#include "toy_llm/tokenizer.hpp"

namespace toy_llm {

const std::string& token_text(std::span<const std::string> vocabulary, token_id token) {
  if (token < 0 || static_cast<std::size_t>(token) >= vocabulary.size()) {
    throw std::invalid_argument("toy_llm::token_text: expected a token in [0, " + std::to_string(vocabulary.size()) +
                                "), found " + std::to_string(token));
  }
  return vocabulary[static_cast<std::size_t>(token)];
}

word_tokenizer::word_tokenizer(std::span<const std::string> words)
    : vocabulary_{std::string{begin_text}, std::string{end_text}} {
  for (const std::string& word : words) {
    const bool is_word = !word.empty() && word.find(' ') == std::string::npos;
    if (!is_word || !ids_.emplace(word, static_cast<token_id>(vocabulary_.size())).second) {
      throw std::invalid_argument("toy_llm::word_tokenizer: expected distinct words without spaces, found \"" + word +
                                  "\" " + (is_word ? "twice" : "in the vocabulary"));
    }
    vocabulary_.push_back(word);
  }
}

std::vector<token_id> word_tokenizer::encode(std::string_view text) const {
  std::vector<token_id> tokens;
  if (text.empty()) return tokens;
  for (std::size_t first = 0, last = 0; last != std::string_view::npos; first = last + 1) {
    last = text.find(' ', first);
    const std::string_view word = text.substr(first, last - first);
    const auto found = ids_.find(word);
    if (found == ids_.end()) {
      throw std::invalid_argument("toy_llm::word_tokenizer::encode: unknown word \"" + std::string{word} + "\" in \"" +
                                  std::string{text} + "\"");
    }
    tokens.push_back(found->second);
  }
  return tokens;
}

std::string word_tokenizer::decode(std::span<const token_id> tokens) const {
  std::string text;
  for (const token_id token : tokens) {
    if (token == begin_token || token == end_token) continue;
    if (!text.empty()) text += ' ';
    text += token_text(vocabulary_, token);
  }
  return text;
}

}  // namespace toy_llm
