// SPDX-License-Identifier: MIT
#include "study/tuned.hpp"

#include <string>

namespace collapse_study {

json stored_choices() {
  static constexpr const char* text =
#include "study/tuned_json.inc"
      ;
  return json::parse(text);
}

std::string_view choices_field(const data_source& source) { return source.is_synthetic() ? "synthetic" : "real"; }

double sweep_rate(const data_source& source, objective_kind objective) {
  const json choices = stored_choices();
  return choices.at(std::string{choices_field(source)}).at("sweep").at(std::string{name(objective)}).get<double>();
}

}  // namespace collapse_study
