export { CustomerKey, type CustomerKeyProps, logsMayUse } from "./customer-key";
