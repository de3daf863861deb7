# Reads counts, writes what farringtonFlexible and earsC say of them. Called by opponents.py; binary files, little endian.
#   in:  n, weeks; then n times: first, last (judged weeks, from 1), and the counts (all int32)
#   out: n times and judged week: expected, phi of Farrington Flexible; thresholds of EARS C1, C2, C3 (double)
# Settings are those of the code of Noufaily et al.: b=5, w=3, 10 seasonal groups, trend always, 26 weeks left out, weights over 2.58.
suppressMessages(library(surveillance))
paths <- commandArgs(trailingOnly = TRUE)
from <- file(paths[1], "rb")
to <- file(paths[2], "wb")
size <- readBin(from, "integer", 2, size = 4, endian = "little")
for (i in seq_len(size[1])) {
  span <- readBin(from, "integer", 2, size = 4, endian = "little")
  y <- readBin(from, "integer", size[2], size = 4, endian = "little")
  series <- sts(observed = y, start = c(2001, 1), frequency = 52)
  control <- list(range = span[1]:span[2], b = 5, w = 3, noPeriods = 10, pastWeeksNotIncluded = 26, weightsThreshold = 2.58,
                  pThresholdTrend = 1, trend = TRUE, thresholdMethod = "delta", alpha = 0.01, limit54 = c(0, 4), glmWarnings = FALSE)
  found <- suppressWarnings(farringtonFlexible(series, control = control))
  ears <- sapply(c("C1", "C2", "C3"), function(method) {
    alpha <- if (method == "C3") 0.025 else 0.001
    c(earsC(series, control = list(range = span[1]:span[2], method = method, baseline = 7, minSigma = 0, alpha = alpha))@upperbound)
  })
  writeBin(as.double(rbind(c(found@control$expected), c(found@control$phiVector), t(ears))), to, size = 8, endian = "little")
}
close(to)
