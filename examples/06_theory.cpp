// SPDX-License-Identifier: MIT
// Why more negatives teach less: the gradient on a violator at margin -2 as easy negatives at +20 join it, and the
// bounds that hold whatever the margins are.
#include <cmath>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include "dynamicpo/dynamicpo.hpp"
#include "dynamicpo/theory/gradient_share.hpp"
#include "dynamicpo/theory/saturation.hpp"
#include "dynamicpo/theory/suppression.hpp"

namespace po = dynamicpo;
namespace theory = dynamicpo::theory;

namespace {

std::vector<double> row_of(std::size_t negatives) {
  std::vector<double> margins(negatives, 20.0);
  margins[0] = -2;
  return margins;
}

template <class Objective>
double gradient_on_violator(const Objective& objective, std::vector<double> margins) {
  theory::weigh_margins(objective, std::span<double>(margins));
  return margins[0];
}

// Four columns a decade.
template <class Objective>
void draw(const char* name, const Objective& objective) {
  std::printf("\n%s: log10 of the suppression ratio, * within its bounds [ ]\n", name);
  for (const std::size_t negatives : {1u, 2u, 3u, 5u, 10u, 15u, 31u, 127u}) {
    const auto margins = row_of(negatives);
    const std::span<const double> row(margins);
    const auto place = [](double log_ratio) {
      return static_cast<std::size_t>(std::lround(60 + 4 * log_ratio / std::log(10.0)));
    };
    const auto bounds = theory::log_suppression_bounds(objective, row);
    const double found = theory::log_suppression(objective, row);
    std::string line(66, ' ');
    line[place(bounds.lower) - 1] = '[';
    line[place(bounds.upper) + 1] = ']';
    line[place(found)] = '*';
    std::printf("%5zu %s %6.2f\n", negatives, line.c_str(), std::round(100 * found / std::log(10.0)) / 100 + 0.0);
  }
}

}  // namespace

int main() {
  std::printf("One violator at margin -2, K - 1 easy negatives at +20, beta 1: |gradient| on the violator\n\n");
  std::printf("%5s %12s %12s %12s %12s %14s\n", "K", "DMPO loss", "DMPO", "S-DPO", "MPPO form", "boundary only");
  for (const std::size_t negatives : {1u, 2u, 5u, 15u, 31u}) {
    auto margins = row_of(negatives);
    const double loss = theory::weigh_margins(po::objective::dmpo, std::span<double>(margins));
    std::printf("%5zu %12.4g %12.4g %12.4g %12.4g %14.4g\n", negatives, loss, margins[0],
                gradient_on_violator(po::objective::sdpo, row_of(negatives)),
                gradient_on_violator(po::objective::mppo, row_of(negatives)),
                gradient_on_violator(po::objective::dmpo, row_of(1)));
  }

  draw("DMPO", po::objective::dmpo);
  draw("S-DPO", po::objective::sdpo);

  const theory::growing_row row{};
  std::printf("\nsaturated (|dL/dz| < 1e-3) from K = %.0f on under DMPO, %s under S-DPO\n",
              row.saturates(po::aggregate::mean{}).value_or(0),
              row.saturates(po::aggregate::soft_minimum{}).has_value() ? "at some K" : "never");
}
