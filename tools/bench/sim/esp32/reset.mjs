/** Causes of a reset as RTC_CNTL_RESET_STATE shows them (TRM 31.7, table "Reset reasons"). */
export const RESET = { power: 1, software: 3, deepSleep: 5, timerGroup0: 7, timerGroup1: 8, rtcCore: 9, cpu: 12, rtcCpu: 13, brownOut: 15, rtcWatchdog: 16 };
