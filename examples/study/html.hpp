// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace collapse_study {

/// Text for an element or an attribute in double quotes.
std::string escaped(std::string_view text);

/// The same for running text: "K = 19" stays on one line.
std::string prose(std::string_view text);

}  // namespace collapse_study
