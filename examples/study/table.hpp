// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "study/plan.hpp"
#include "study/results.hpp"
#include "study/statistics.hpp"

namespace collapse_study {

/// HR@1 of everything. A row has one figure for each column, or a single one that does not depend on K.
struct summary_table {
  struct row {
    std::string label;
    std::vector<sample_summary> figures;
  };
  struct block {
    std::string title;
    std::vector<row> rows;
  };
  std::vector<std::size_t> columns;  ///< K
  std::vector<block> blocks;         ///< the baselines first, then each panel

  summary_table(const study_plan& plan, const study_results& results);
};

/// "3 data seeds, 4000 evaluation rows": what the figures are over.
std::string scope(const study_plan& plan);

/// The table as text: mean, and standard deviation over seeds in brackets.
std::string to_text(const summary_table& table);

}  // namespace collapse_study
