// SPDX-License-Identifier: MIT
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "study/plan.hpp"
#include "support/catch.hpp"

namespace study_test {

namespace cs = collapse_study;

/// A folder that goes with the test.
class temporary_folder {
 public:
  temporary_folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "dynamicpo-study-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~temporary_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;

  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline std::string contents(const std::filesystem::path& file) {
  std::ifstream stream{file, std::ios::binary};
  REQUIRE(stream);
  return {std::istreambuf_iterator<char>{stream}, {}};
}

inline cs::data_source tiny_data() {
  return cs::data_source::synthetic({.genres = 4,
                                     .styles = 2,
                                     .items_per_style = 5,
                                     .train_rows = 80,
                                     .development_rows = 20,
                                     .evaluation_rows = 30,
                                     .negatives = 6});
}

/// 2 panels, 4 variants, 2 values of K, 2 seeds: 32 runs of milliseconds.
inline cs::study_plan tiny_plan() {
  return {.source = tiny_data(),
          .seeds = {0, 1},
          .panels = {{cs::objective_kind::dmpo, .015, true}, {cs::objective_kind::sdpo, .005, false}},
          .negatives = {1, 4},
          .epochs = 1};
}

}  // namespace study_test
