// SPDX-License-Identifier: MIT
#include "study/html.hpp"

#include <fmt/format.h>

namespace collapse_study {

std::string escaped(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

std::string prose(std::string_view text) {
  std::string html = escaped(text);
  for (const std::string_view sign : {" = ", " &lt; "}) {
    for (std::size_t at = 0; (at = html.find(sign, at)) != std::string::npos;) {
      html.replace(at, sign.size(), fmt::format("&nbsp;{}&nbsp;", sign.substr(1, sign.size() - 2)));
    }
  }
  return html;
}

}  // namespace collapse_study
