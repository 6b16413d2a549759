// SPDX-License-Identifier: MIT
#include "study/svg.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <regex>
#include <stdexcept>

#include "study/html.hpp"

namespace collapse_study {
namespace {

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
}

}  // namespace

std::string ink(int which) { return fmt::format("rgb \"#{:02x}0000\"", which); }

std::string embeddable(std::string svg, const svg_frame& frame,
                       std::span<const std::pair<std::string, std::string>> plotted,
                       std::span<const std::string_view> inks) {
  const auto cut = [&](std::string_view from, std::string_view to) {
    const std::size_t begin = svg.find(from), end = svg.find(to, begin);
    if (end == std::string::npos)
      throw std::runtime_error(frame.id + ".svg: expected " + std::string{from} + " ... " + std::string{to});
    svg.erase(begin, end + to.size() - begin);
  };
  cut("<?xml", "<g id=\"gnuplot_canvas\">");
  cut("<rect", "/>");
  cut("<filter id='textbox'", "</filter>");
  cut("<filter id='greybox'", "</filter>");
  svg.insert(0, fmt::format("<svg id=\"{}\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\"><g>", frame.id,
                            frame.width, frame.height, escaped(frame.title)));
  std::size_t index = 0;
  for (const auto& [kind, id] : plotted) {
    replace_all(svg, fmt::format("<g id=\"chart_plot_{}\" >", ++index),
                fmt::format("<g class=\"{}\" id=\"{}-{}\">", kind, frame.id, id));
  }
  replace_all(svg, "gpPt", frame.id + "-mark");
  replace_all(svg, "gpDot", frame.id + "-dot");
  replace_all(svg, "xlink:href", "href");
  replace_all(svg, " font-family=\"inherit\"", "");
  for (std::size_t i = 0; i < inks.size(); ++i) {
    const std::string property = fmt::format("var({})", inks[i]);
    replace_all(svg, fmt::format("rgb({:3},   0,   0)", i), property);
    replace_all(svg, fmt::format("rgb({},0,0)", i), property);
  }
  // Groups that hold nothing.
  static const std::regex hollow{R"(<g [^>]*>\s*</g>\s*)"};
  return std::regex_replace(svg, hollow, "");
}

}  // namespace collapse_study
