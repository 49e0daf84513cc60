export { program } from "./environments";
