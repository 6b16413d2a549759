// SPDX-License-Identifier: MIT
#include "study/html.hpp"

#include <fmt/format.h>

#include <fstream>
#include <stdexcept>

#include "study/page_style.hpp"

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

std::string groups_html(const std::vector<finding_group>& groups) {
  std::string html = "<div class=\"groups\">\n";
  for (const finding_group& group : groups) {
    html += fmt::format("<section>\n<h3>{}</h3>\n<ul>\n", escaped(group.heading));
    for (const auto& [claim, evidence] : group.findings) {
      html += fmt::format("<li>{}{}</li>\n", prose(claim),
                          evidence.empty() ? "" : fmt::format(" <small>{}</small>", prose(evidence)));
    }
    html += "</ul>\n</section>\n";
  }
  return html + "</div>\n";
}

std::string list_html(const std::vector<std::string>& lines) {
  std::string html = "<ul>\n";
  for (const std::string& line : lines) html += fmt::format("<li>{}</li>\n", prose(line));
  return html + "</ul>\n";
}

std::string page_html(std::string_view title, std::string_view body, std::string_view own_style) {
  return fmt::format(R"html(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{}</title>
<style>{}{}</style>
</head>
<body>
{}</body>
</html>
)html",
                     escaped(title), page_style, own_style, body);
}

void write_page(const std::filesystem::path& file, std::string_view page) {
  std::ofstream stream{file, std::ios::binary};
  stream << page;
  if (!stream.flush()) throw std::runtime_error(file.string() + ": cannot write");
}

}  // namespace collapse_study
