// SPDX-License-Identifier: MIT
// Easy negatives switch a row off under DMPO, though one negative still outranks the chosen item. Selecting the
// boundary keeps the gradient on it.
#include <cmath>
#include <cstdio>
#include <vector>

#include "dynamicpo/dynamicpo.hpp"

namespace po = dynamicpo;

// |gradient| on negative 0, which scores 2 nats above the chosen item; the other K - 1 score 20 nats below it.
template <class Pipeline>
double pull_on_violator(const Pipeline& pipeline, std::size_t negatives) {
  const std::vector<double> chosen{-10.0};
  std::vector<double> rejected(negatives, -30.0);
  rejected[0] = -8.0;

  std::vector<double> g_chosen(1), g_rejected(negatives);
  po::loss_and_gradient(po::exec::seq, pipeline, po::view(chosen, rejected), po::reference_free,
                        {.gradient = po::view(g_chosen, g_rejected)});
  return std::abs(g_rejected[0]);
}

int main() {
  const auto dmpo = po::vanilla(po::objective::dmpo);
  const auto sdpo = po::vanilla(po::objective::sdpo);
  const po::pipeline boundary_dmpo{po::select::boundary{}, po::beta::fixed{}, po::objective::dmpo};

  const double alone = pull_on_violator(dmpo, 1);
  bool holds = std::abs(alone - 0.881) <= 5e-4;
  std::printf(" K      DMPO     S-DPO  DMPO on the boundary\n");
  for (const std::size_t negatives : {1u, 2u, 5u, 15u}) {
    const double vanilla = pull_on_violator(dmpo, negatives);
    const double softmax = pull_on_violator(sdpo, negatives);
    const double selected = pull_on_violator(boundary_dmpo, negatives);
    std::printf("%2zu  %8.2g  %8.3f  %8.3f\n", negatives, vanilla, softmax, selected);
    holds = holds && selected == alone && std::abs(softmax - alone) <= 1e-6 && (negatives == 1 || vanilla < 1e-4);
  }
  return holds ? 0 : 1;
}
