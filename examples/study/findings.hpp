// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "study/plan.hpp"
#include "study/results.hpp"
#include "study/statistics.hpp"

namespace collapse_study {

/// A sentence about figures, and the figures of the test behind it. "Falls", "rises", "above" and "below" are said
/// where the paired t test over seeds gives p < .05; else the sentence says that nothing clear shows, or, for one seed,
/// only states the figures.
struct finding {
  std::string claim;
  std::string evidence;  ///< may be empty
};

struct finding_group {
  std::string heading;
  std::vector<finding> findings;
};

/// What a study shows, every number of it computed.
std::vector<finding_group> findings(const study_plan& plan, const study_results& results);

/// Why two of them had to be: mathematics, with the figures of this study beside it.
std::vector<finding_group> explanations(const study_plan& plan, const study_results& results);

/// What the figures do not say.
std::vector<std::string> caveats(const study_plan& plan);

/// ".5012", "-12.30", "1.204": three digits or four, no leading zero.
std::string number(double value);
/// "p = .0043", "p < .0001"
std::string p_value(double p);
/// "difference +.0734, s.e. .0040 paired, .0061 pooled; t = 15.2, p = .0043"
std::string evidence(const comparison& compared);
/// "<a> (.5440) is above <b> (.4705)."
finding contrast(std::string_view a, std::span<const double> values_a, std::string_view b,
                 std::span<const double> values_b);

}  // namespace collapse_study
