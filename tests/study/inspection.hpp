// SPDX-License-Identifier: MIT
#pragma once

#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "study/tiny_study.hpp"
#include "support/catch.hpp"

/// Looks at a page in headless Chromium.
namespace study_test {

inline bool installed(const char* program) {
  return std::system(("command -v " + std::string{program} + " >/dev/null").c_str()) == 0;
}

/// Added to a copy of the page: measures it and tells the page around it.
inline constexpr char inspector[] = R"js(<script>
window.addEventListener('load', () => {
  const lines = [], say = (...words) => lines.push(words.join(' '));
  const root = document.documentElement;
  say('width', window.innerWidth);
  say('overflow', root.scrollWidth - root.clientWidth);
  const scrolled = element => element.closest('.scroll');
  for (const element of document.querySelectorAll('body *')) {
    if (scrolled(element) || element.closest('svg')) continue;
    const box = element.getBoundingClientRect();
    if (box.right > window.innerWidth + .5 || box.left < -.5) say('outside', element.tagName, element.className);
    const overflows = element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0;
    if (overflows) say('cut', element.tagName, element.className);
  }
  for (const table of document.querySelectorAll('.scroll table')) {
    if (table.getBoundingClientRect().width > table.parentElement.scrollWidth + .5) say('cut', 'table');
  }
  for (const svg of document.querySelectorAll('figure svg')) {
    const frame = svg.getBoundingClientRect(), texts = [...svg.querySelectorAll('text')];
    const boxes = texts.map(text => text.getBoundingClientRect());
    boxes.forEach((box, i) => {
      if (box.left < frame.left - .5 || box.right > frame.right + .5 || box.top < frame.top - .5 ||
          box.bottom > frame.bottom + .5) say('cut', svg.id, texts[i].textContent);
      if (box.height < 8) say('small', svg.id, texts[i].textContent, box.height);
      // Line boxes are taller than glyphs: a third of the height may be shared.
      boxes.slice(0, i).forEach((other, j) => {
        const across = Math.min(box.right, other.right) - Math.max(box.left, other.left);
        const down = Math.min(box.bottom, other.bottom) - Math.max(box.top, other.top);
        if (across > 1 && down > box.height / 3) say('overlap', svg.id, texts[i].textContent, texts[j].textContent);
      });
    });
    for (const curve of svg.querySelectorAll('.curve')) {
      const box = curve.getBoundingClientRect(), path = curve.querySelector('path');
      const stroke = path ? getComputedStyle(path).stroke : 'none';
      const inside = box.left >= frame.left && box.right <= frame.right && box.top >= frame.top - .5 &&
                     box.bottom <= frame.bottom + .5;
      say(box.width > 50 && inside && stroke.startsWith('rgb') ? 'curve' : 'bad-curve', curve.id, stroke,
          path ? getComputedStyle(path).strokeDasharray : '');
    }
  }
  parent.postMessage(lines.join('\n'), '*');
});
</script></body>)js";

/// The page around it: a frame of the width to look at, since a headless window is never narrower than 500 pixels.
inline std::string framed(int width) {
  return "<!doctype html><body><pre id=\"inspection\"></pre><script>addEventListener('message', told => "
         "document.getElementById('inspection').textContent = told.data)</script>"
         "<iframe src=\"inspected.html\" style=\"border: 0; height: 900px; width: " +
         std::to_string(width) + "px\"></iframe>";
}

/// What the inspector says of folder/report.html at a width, by its first word; and what the browser wrote to its
/// console.
struct inspection {
  std::map<std::string, std::vector<std::string>> said;
  std::string console;

  inspection(const temporary_folder& folder, int width) {
    std::string page = contents(folder / "report.html");
    page.replace(page.rfind("</body>"), 7, inspector);
    std::ofstream{folder / "inspected.html", std::ios::binary} << page;
    std::ofstream{folder / "frame.html", std::ios::binary} << framed(width);
    const std::string path = folder.path().string();
    const std::string command =
        "chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --enable-logging=stderr --user-data-dir='" +
        path + "/profile' --window-size=1400,1000 --virtual-time-budget=5000 --dump-dom 'file://" + path +
        "/frame.html' >'" + path + "/dom' 2>'" + path + "/log'";
    INFO(command);
    REQUIRE(std::system(command.c_str()) == 0);
    std::istringstream log{contents(folder / "log")};
    for (std::string line; std::getline(log, line);) {
      if (line.find("CONSOLE") != std::string::npos) console += line + '\n';
    }
    const std::string dom = contents(folder / "dom");
    const std::string opening = "<pre id=\"inspection\">";
    const std::size_t begin = dom.find(opening) + opening.size();
    std::istringstream lines{dom.substr(begin, dom.find("</pre>", begin) - begin)};
    for (std::string line; std::getline(lines, line);) {
      const std::size_t space = line.find(' ');
      said[line.substr(0, space)].push_back(line.substr(space + 1));
    }
  }

  std::string all(const std::string& word) const {
    std::string text;
    if (const auto found = said.find(word); found != said.end()) {
      for (const std::string& line : found->second) text += line + '\n';
    }
    return text;
  }
};

/// Nothing is cut off, too small or on top of something else, at the width that was looked at.
inline void require_readable(const inspection& seen, int width) {
  REQUIRE(seen.all("width") == std::to_string(width) + "\n");
  REQUIRE(seen.all("overflow") == "0\n");
  for (const std::string fault : {"outside", "cut", "small", "overlap", "bad-curve"}) {
    INFO(fault);
    REQUIRE(seen.all(fault) == "");
  }
  REQUIRE(seen.console == "");
}

}  // namespace study_test
