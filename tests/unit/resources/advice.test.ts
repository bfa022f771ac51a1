/** What to do about a difference that a refresh found. */
import { adviceOn } from "../../../provider/src/resources/drift";

const makeAgain =
  "Make it again as it was, or take its AdoptedSegment out of the program: sdn does not know how it came to be.";

test.each([
  ["what up repairs", "interface sdn-b-5001 is missing", "`pulumi up` repairs it."],
  ["an element of somebody's", "element eth0 of nftables set inet sdn bridges is not ours", "`pulumi up` repairs it."],
  ["somebody else's of our name", "interface sdn-b-5001 is not ours: it carries no mark", /^Remove or rename it; /],
  ["a container", "container web1 does not exist", /^Create it again /],
  ["an adopted interface", "interface br0, which was adopted, is missing", makeAgain],
  ["an adopted Docker network", "Docker network office, which was adopted, is missing", makeAgain],
  ["another one of its name", "Docker network office is another one than was adopted", makeAgain],
  [
    "an adopted interface that was changed",
    "interface br0, which was adopted, carries our mark no more",
    /^`pulumi up`/,
  ],
])("%s", (_case, sentence, advice) => {
  expect(adviceOn(sentence)).toEqual(typeof advice === "string" ? advice : expect.stringMatching(advice));
});
