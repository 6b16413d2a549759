// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "study/findings.hpp"

namespace collapse_study {

/// Parts of the pages that studies write.
std::string escaped(std::string_view text);
/// Running text: "K = 19" stays on one line.
std::string prose(std::string_view text);
std::string groups_html(const std::vector<finding_group>& groups);
std::string list_html(const std::vector<std::string>& lines);

/// A whole page in the style sheet of page_style.hpp, and `own_style` after it. `title` is text, `body` HTML.
std::string page_html(std::string_view title, std::string_view body, std::string_view own_style = {});

/// Throws std::runtime_error where the file cannot be written.
void write_page(const std::filesystem::path& file, std::string_view page);

}  // namespace collapse_study
