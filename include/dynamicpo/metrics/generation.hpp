// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "dynamicpo/error.hpp"

namespace dynamicpo::inline v1::metrics {

/// Answers that a model wrote, against the candidates it was given.
struct generation_metrics {
  index answers = 0;
  index valid = 0;  ///< answers that name exactly one candidate
  index hits = 0;   ///< of these, the chosen one

  double valid_ratio() const { return share(valid, answers); }
  double hit_ratio() const { return share(hits, answers); }         ///< HR@1: an invalid answer misses
  double hit_ratio_of_valid() const { return share(hits, valid); }  ///< as the reference reports it; hides invalid ones

  /// Counts one answer. A candidate is named when the answer contains it; ASCII case and surrounding white space do
  /// not count; the same candidate listed twice is one. A candidate without text names nothing.
  /// Source: the evaluation of S-DPO (arXiv 2406.09215) and DynamicPO, which count an answer with one title among the
  /// candidates as valid.
  void add(std::string_view answer, std::span<const std::string_view> candidates, std::string_view chosen) {
    const std::string text = plain(answer), wanted = plain(chosen);
    std::string named;
    bool several = false;
    for (const std::string_view candidate : candidates) {
      const std::string title = plain(candidate);
      if (title.empty() || text.find(title) == std::string::npos) { continue; }
      several = several || (!named.empty() && named != title);
      named = title;
    }
    ++answers;
    if (named.empty() || several) { return; }
    ++valid;
    hits += named == wanted ? 1 : 0;
  }

 private:
  static double share(index part, index whole) {
    return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole)
                     : std::numeric_limits<double>::quiet_NaN();
  }
  static std::string plain(std::string_view text) {
    constexpr std::string_view white = " \t\r\n\f\v";
    const std::size_t first = text.find_first_not_of(white);
    if (first == std::string_view::npos) { return {}; }
    std::string made(text.substr(first, text.find_last_not_of(white) - first + 1));
    for (char& each : made) { each = each >= 'A' && each <= 'Z' ? static_cast<char>(each - 'A' + 'a') : each; }
    return made;
  }
};

}  // namespace dynamicpo::inline v1::metrics
