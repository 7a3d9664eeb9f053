export const main: i32 = 5;
