// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "study/data.hpp"
#include "study/run.hpp"

namespace collapse_study {

/// One way to train that ablations compare. Development rows choose its learning rate and epochs, unless the length of
/// its steps is given: then that is its learning rate, and the epochs are the plan's.
struct setting {
  objective_kind objective;
  collapse_study::variant variant;
  loss_settings loss = {};
  std::optional<double> length = {};

  friend bool operator==(const setting&, const setting&) = default;
};

/// A question, and the settings that answer it.
struct ablation {
  struct row {
    std::string label;
    collapse_study::setting setting;
    std::size_t base = 0;  ///< index of the row that it is compared with; that of the base itself is its own
  };
  std::string id, title, question;
  std::vector<row> rows;
};

/// The ablations of DynamicPO at one K on synthetic data.
struct ablation_plan {
  data_source source;
  std::vector<std::uint64_t> seeds;
  std::vector<collapse_study::ablation> ablations;
  std::vector<double> rates;       ///< to choose from
  std::size_t epochs = 4;          ///< 0 to this many to choose from
  std::size_t matched_epochs = 3;  ///< where the length of steps is given
  std::size_t negatives = 19;      ///< K

  /// Each once, in order of appearance.
  std::vector<setting> settings() const;
  collapse_study::arm arm(const setting& of, double rate, std::size_t trained) const {
    return {of.objective, of.variant, negatives, rate, trained, of.loss};
  }
  /// Equal for equal plans: everything that fixes the results but the machine.
  json header() const;
};

struct ablation_options {
  std::size_t seeds = 8;
  bool quick = false;  ///< K = 5, one rate, two epochs
};

ablation_plan make_ablation_plan(data_source source, const ablation_options& options);

}  // namespace collapse_study
