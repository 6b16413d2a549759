// SPDX-License-Identifier: MIT
#include "toy_llm/synthetic.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "dynamicpo/sample/philox.hpp"
#include "toy_llm/tokenizer.hpp"

namespace toy_llm {
namespace {

using dynamicpo::sample::philox_engine;

constexpr std::uint32_t genre_words = 6, style_words = 3, common_words = 20;
constexpr double title_names_genre = .9, title_names_style = .8;
constexpr double user_leaves_genre = .05, user_leaves_style = .25, popularity_spread = .6;

// What a stream of random numbers is for. The values are no epoch that training draws negatives for.
enum class part : std::uint32_t {
  words = std::uint32_t{1} << 31,
  titles,
  popularity,
  train,
  development,
  evaluation,
  development_negatives,
  evaluation_negatives
};

philox_engine stream(const synthetic_options& options, part of, std::uint32_t index = 0) {
  return philox_engine{options.seed, static_cast<std::uint64_t>(of) << 32 | index};
}

bool happens(philox_engine& random, double probability) { return random.uniform() < probability; }

char pick(philox_engine& random, std::string_view letters) {
  return letters[random.below(static_cast<std::uint32_t>(letters.size()))];
}

std::string syllable(philox_engine& random) {
  const char consonant = pick(random, "bdfgklmnprstvz"), vowel = pick(random, "aeiou");
  return {consonant, vowel};
}

/// Words of genres, then of styles, two or three syllables and capitalised; then the common words, one closed syllable.
class lexicon {
 public:
  explicit lexicon(const synthetic_options& options)
      : first_style_{options.genres * genre_words},
        first_common_{first_style_ + options.genres * options.styles * style_words} {
    philox_engine random = stream(options, part::words);
    std::set<std::string> taken;
    while (words_.size() < first_common_ + common_words) {
      std::string word = syllable(random);
      if (words_.size() < first_common_) {
        word += syllable(random);
        if (happens(random, .5)) word += syllable(random);
        word.front() = static_cast<char>(word.front() - 'a' + 'A');
      }
      word += pick(random, "lmnrst");
      if (taken.insert(word).second) words_.push_back(std::move(word));
    }
  }

  std::span<const std::string> words() const { return words_; }
  const std::string& of_genre(std::uint32_t genre, philox_engine& random) const {
    return words_[genre * genre_words + random.below(genre_words)];
  }
  const std::string& of_style(std::uint32_t style, philox_engine& random) const {
    return words_[first_style_ + style * style_words + random.below(style_words)];
  }
  const std::string& common(philox_engine& random) const { return words_[first_common_ + random.below(common_words)]; }

 private:
  std::uint32_t first_style_, first_common_;
  std::vector<std::string> words_;
};

std::string draw_title(const lexicon& words, std::uint32_t genre, std::uint32_t style, std::uint32_t filler,
                       philox_engine& random) {
  std::string title = happens(random, title_names_genre) ? words.of_genre(genre, random) : words.common(random);
  title += ' ';
  title += happens(random, title_names_style) ? words.of_style(style, random) : words.common(random);
  for (std::uint32_t left = random.below(filler + 2); left > 0; --left) title += ' ' + words.common(random);
  return title;
}

catalogue make_catalogue(const synthetic_options& options) {
  const lexicon words{options};
  const word_tokenizer tokenizer{words.words()};
  philox_engine random = stream(options, part::titles);
  catalogue items;
  items.vocabulary = tokenizer.vocabulary();
  std::set<std::string> taken;
  for (std::uint32_t style = 0; style < options.genres * options.styles; ++style) {
    const std::uint32_t genre = style / options.styles;
    for (std::uint32_t item = 0; item < options.items_per_style; ++item) {
      std::string title;
      do {
        title = draw_title(words, genre, style, options.filler, random);
      } while (!taken.insert(title).second);
      items.tokens.push_back(tokenizer.encode(title));
      items.titles.push_back(std::move(title));
      items.genre.push_back(static_cast<std::int32_t>(genre));
      items.style.push_back(static_cast<std::int32_t>(style));
    }
  }
  return items;
}

// Draws from a range of items in proportion to popularity. Items of a style, and of a genre, are neighbours.
class popularity {
 public:
  popularity(const synthetic_options& options, std::size_t items) : below_{0.0} {
    philox_engine random = stream(options, part::popularity);
    for (std::size_t item = 0; item < items; ++item) {
      const double radius = std::sqrt(-2.0 * std::log1p(-random.uniform()));
      const double normal = radius * std::cos(2.0 * std::numbers::pi * random.uniform());
      below_.push_back(below_.back() + std::exp(popularity_spread * normal));
    }
  }

  item_id draw(std::uint32_t first, std::uint32_t count, philox_engine& random) const {
    const auto begin = below_.begin() + first, end = begin + count;
    const double target = *begin + random.uniform() * (*end - *begin);
    return static_cast<item_id>(std::upper_bound(begin, end, target) - below_.begin()) - 1;
  }

 private:
  std::vector<double> below_;  // total popularity of the items before each
};

ranking_row draw_row(const synthetic_options& options, const popularity& popular, philox_engine random) {
  const std::uint32_t per_genre = options.styles * options.items_per_style;
  const std::uint32_t style = random.below(options.genres * options.styles), genre = style / options.styles;
  ranking_row row;
  std::vector<item_id>& drawn = row.history;
  while (drawn.size() < options.history + 1) {
    const bool anywhere = happens(random, user_leaves_genre), elsewhere = happens(random, user_leaves_style);
    const item_id item = anywhere    ? popular.draw(0, options.genres * per_genre, random)
                         : elsewhere ? popular.draw(genre * per_genre, per_genre, random)
                                     : popular.draw(style * options.items_per_style, options.items_per_style, random);
    if (std::find(drawn.begin(), drawn.end(), item) == drawn.end()) drawn.push_back(item);
  }
  row.chosen = drawn.back();
  drawn.pop_back();
  return row;
}

void check(const synthetic_options& options) {
  const auto expect = [](bool holds, const std::string& expected, std::uint64_t found) {
    if (holds) return;
    throw std::invalid_argument("toy_llm::make_synthetic: expected " + expected + ", found " + std::to_string(found));
  };
  expect(options.genres >= 1, "at least one genre", options.genres);
  expect(options.styles >= 1, "at least one style", options.styles);
  expect(options.items_per_style >= 1, "at least one item a style", options.items_per_style);
  expect(options.history >= 1, "a history of at least one item", options.history);
  const std::uint64_t styles = std::uint64_t{options.genres} * options.styles;
  expect(styles <= 1000, "at most 1000 styles in all", styles);
  // There are then ten times as many titles.
  expect(options.items_per_style <= 1000, "at most 1000 items a style", options.items_per_style);
  expect(options.filler <= 100, "at most 100 filler words", options.filler);
  const std::uint64_t needed = std::uint64_t{options.history} + 1 + options.negatives;
  expect(styles * options.items_per_style >= needed,
         "at least " + std::to_string(needed) + " items for history, chosen and negatives",
         styles * options.items_per_style);
}

}  // namespace

dataset make_synthetic(const synthetic_options& options) {
  check(options);
  dataset data;
  data.items = make_catalogue(options);
  const popularity popular{options, data.items.size()};
  const auto draw_rows = [&](part of, std::uint32_t count) {
    std::vector<ranking_row> rows;
    for (std::uint32_t row = 0; row < count; ++row)
      rows.push_back(draw_row(options, popular, stream(options, of, row)));
    return rows;
  };
  const auto fix_negatives = [&](std::vector<ranking_row>& rows, part of) {
    draw_key key{.seed = options.seed, .epoch = static_cast<std::uint32_t>(of), .row = 0};
    for (ranking_row& row : rows) {
      row.negatives = sample_negatives(row, data.items.size(), options.negatives, key);
      ++key.row;
    }
  };
  data.train = draw_rows(part::train, options.train_rows);
  data.development = draw_rows(part::development, options.development_rows);
  data.evaluation = draw_rows(part::evaluation, options.evaluation_rows);
  fix_negatives(data.development, part::development_negatives);
  fix_negatives(data.evaluation, part::evaluation_negatives);
  data.supervised = supervised_pairs(data.train, repeats::keep);
  return data;
}

}  // namespace toy_llm
