// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace collapse_study {

/// A colour in a gnuplot script that stands for custom property `which` of the page: gnuplot draws rgb(which, 0, 0),
/// and embeddable puts the property there. Below 100.
std::string ink(int which);

/// What a drawing becomes in a page: an svg element of this id and name.
struct svg_frame {
  std::string id, title;
  int width, height;
};

/// Makes a drawing by gnuplot's svg terminal (`name "chart"`) part of a page: unique ids, the page's colours and font,
/// no text of gnuplot's own. `plotted`: class and id (after the frame's) of what was plotted, in order; `inks`: the
/// custom properties that ink() numbers. Throws std::runtime_error for what gnuplot does not write.
std::string embeddable(std::string svg, const svg_frame& frame,
                       std::span<const std::pair<std::string, std::string>> plotted,
                       std::span<const std::string_view> inks);

}  // namespace collapse_study
