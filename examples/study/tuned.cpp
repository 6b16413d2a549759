// SPDX-License-Identifier: MIT
#include "study/tuned.hpp"

namespace collapse_study {

json stored_choices(const data_source& source) {
  static constexpr const char* text =
#include "study/tuned_json.inc"
      ;
  return json::parse(text).at(source.is_synthetic() ? "synthetic" : "real");
}

double sweep_rate(const json& choices, objective_kind objective) {
  return choices.at("sweep").at(std::string{name(objective)}).get<double>();
}

}  // namespace collapse_study
