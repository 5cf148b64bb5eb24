"""Cases (清单): from a matter that needs an answer to the answer, with a clock, and every step kept."""
