// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

namespace collapse_study {

/// Runs gnuplot on a script, in its folder; what it says goes to <script>.log. False where gnuplot is not installed.
/// Throws std::runtime_error with the first words of the log where it fails.
bool run_gnuplot(const std::filesystem::path& script);

}  // namespace collapse_study
