// SPDX-License-Identifier: MIT
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string_view>

namespace test_support {

/// Root of the source tree.
inline std::filesystem::path source_root() {
  return std::filesystem::path{__FILE__}.parent_path().parent_path().parent_path();
}

/// A file or folder of the optional data folder beside the source tree (../shared, or the folder that the environment
/// variable DYNAMICPO_SHARED names); empty where it does not exist.
inline std::optional<std::filesystem::path> shared_data(std::string_view relative) {
  const char* const folder = std::getenv("DYNAMICPO_SHARED");
  const auto path = (folder != nullptr ? std::filesystem::path{folder} : source_root() / ".." / "shared") / relative;
  if (!std::filesystem::exists(path)) return std::nullopt;
  return path.lexically_normal();
}

}  // namespace test_support
