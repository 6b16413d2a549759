// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <vector>

namespace bench {

/// The middle of some figures, and how far the quartiles lie apart.
struct spread {
  double median = 0, quartiles = 0;

  static spread of(std::vector<double> figures) {
    std::sort(figures.begin(), figures.end());
    const auto at = [&](double share) {
      const double place = share * static_cast<double>(figures.size() - 1);
      const auto below = static_cast<std::size_t>(place);
      const auto above = std::min(below + 1, figures.size() - 1);
      return figures[below] + (place - static_cast<double>(below)) * (figures[above] - figures[below]);
    };
    return {at(0.5), at(0.75) - at(0.25)};
  }
};

/// Runs every contender once a round, and keeps what each said round by round. Figures of one round were taken under
/// the same conditions, so ratios are formed within rounds.
class interleaved {
 public:
  using one_run = std::function<double()>;  ///< gives nanoseconds a row

  interleaved(const std::vector<one_run>& contenders, int rounds) : figures_(contenders.size()) {
    for (int round = 0; round < rounds; ++round) {
      for (std::size_t i = 0; i < contenders.size(); ++i) { figures_[i].push_back(contenders[i]()); }
    }
  }

  spread of(std::size_t contender) const { return spread::of(figures_[contender]); }
  spread ratio(std::size_t over, std::size_t under) const {
    std::vector<double> ratios;
    for (std::size_t round = 0; round < figures_[over].size(); ++round) {
      ratios.push_back(figures_[over][round] / figures_[under][round]);
    }
    return spread::of(ratios);
  }

 private:
  std::vector<std::vector<double>> figures_;
};

}  // namespace bench
